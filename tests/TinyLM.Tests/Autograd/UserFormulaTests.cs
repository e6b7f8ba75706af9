namespace TinyLM.Tests;

/// <summary>The README's formula: what a user writes is differentiable, fuses, and runs on every device.</summary>
public class UserFormulaTests
{
    private static readonly (string Name, float[,] Values)[] Inputs = [("x", new float[,] { { -2, -0.5f, 0.25f }, { 1, 2, 3 } })];

    [TestCase("cpu")]
    [TestCase("interpreted")]
    public void A_formula_of_ones_own_is_differentiated(string device) =>
        Assert.That(GradientCheck.Run(TestDevices.Get(device), (_, v) => v[0].Apply<Mish>(), Inputs).All(row => row.Passed), Is.True);

    [TestCase("cpu")]
    [TestCase("interpreted")]
    public void It_fuses_with_others(string device) =>
        Assert.That(
            GradientCheck.Run(TestDevices.Get(device), (_, v) => v[0].Apply(new Affine(2, 1).Then(new Mish()).Then(new Softcap(3))), Inputs).All(row => row.Passed), Is.True);

    [TestCase("cpu")]
    [TestCase("interpreted")]
    public void Operators_on_variables_are_the_ops(string name)
    {
        Device device = TestDevices.Get(name);
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(Row(device, 1, 2, 3)), two = tape.Input(Row(device, 2));
        Assert.That((((-x) + 10f) * 2f - (x / two)).Value.ToArray(), Is.EqualTo(new[] { 17.5f, 15, 12.5f }));
        tape.Backward((x * x / two).Sum());
        Assert.That(x.Gradient.ToArray(), Is.EqualTo(new[] { 1f, 2, 3 }));
        Assert.That(two.Gradient.ToScalar(), Is.EqualTo(-3.5f));
    }

    private static Tensor Row(Device device, params float[] values)
    {
        Tensor row = device.Temporary(1, values.Length);
        row.CopyFrom(values);
        return row;
    }

    private readonly struct Mish : IUnaryOp
    {
        public T Apply<T>(T x)
            where T : struct, ILane<T> => x * T.Tanh(T.Softplus(x));
    }
}
