namespace TinyLM.Tests.Kernels;

public class ReduceTests
{
    [TestCase("cpu")]
    [TestCase("interpreted")]
    public void The_gradient_of_a_maximum_goes_to_the_first_of_equals(string name)
    {
        Device device = TestDevices.Get(name);
        using Tape tape = device.BeginTape();
        Tensor values = device.Temporary(3, 2);
        values.CopyFrom([5, 1, 5, 7, 2, 7]);
        Variable x = tape.Input(values);
        tape.Backward(x.Reduce(ReductionKind.Max, Axis.Column).Sum());
        Assert.That(x.Gradient.ToArray(), Is.EqualTo(new[] { 1f, 0, 0, 1, 0, 0 }));
    }

    [TestCase("cpu")]
    [TestCase("interpreted")]
    public void The_log_sum_exp_of_nothing_is_minus_infinity_and_large_values_do_not_overflow(string name)
    {
        Device device = TestDevices.Get(name);
        using Tape tape = device.BeginTape();
        Tensor values = device.Temporary(2, 2);
        values.CopyFrom([float.NegativeInfinity, float.NegativeInfinity, 1000, 1000]);
        float[] rows = tape.Constant(values).Reduce(ReductionKind.LogSumExp, Axis.Row).Value.ToArray();
        Assert.That(rows[0], Is.EqualTo(float.NegativeInfinity));
        Assert.That(rows[1], Is.EqualTo(1000 + MathF.Log(2)).Within(1e-3));
    }
}
