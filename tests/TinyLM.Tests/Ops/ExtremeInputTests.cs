namespace TinyLM.Tests;

/// <summary>Inputs at which an exponential overflows or underflows: values and derivatives must still be right.</summary>
public class ExtremeInputTests
{
    private static readonly float[] Inputs = [-1000, -100, -89, -20, -11, -10, -9, 0, 9, 10, 11, 20, 89, 100, 1000];

    [TestCase("cpu")]
    [TestCase("interpreted")]
    public void Silu_and_its_derivative_are_right_far_from_zero(string device) =>
        Check<Silu>(device, x => (x * Sigmoid(x), Sigmoid(x) + x * Sigmoid(x) * Sigmoid(-x)));

    [TestCase("cpu")]
    [TestCase("interpreted")]
    public void Gelu_and_its_derivative_are_right_far_from_zero(string device) => Check<Gelu>(device, x =>
    {
        double scale = 2 * Math.Sqrt(2 / Math.PI), twoU = scale * (x + 0.044715 * x * x * x), slope = scale * (1 + 3 * 0.044715 * x * x);
        return (x * Sigmoid(twoU), Sigmoid(twoU) + x * Sigmoid(twoU) * Sigmoid(-twoU) * slope);
    });

    [TestCase("cpu")]
    [TestCase("interpreted")]
    public void Tanh_and_its_derivative_are_right_far_from_zero(string device) =>
        Check<Tanh>(device, x => (Math.Tanh(x), 1 - Math.Tanh(x) * Math.Tanh(x)));

    [Test]
    public void AdamW_has_its_defaults_and_leaves_a_value_without_gradient_alone()
    {
        Device device = TestDevices.Get("cpu");
        using Tape tape = device.BeginTape();
        Tensor value = Filled(tape, 0.5f), gradient = Filled(tape, 0), first = Filled(tape, 0), second = Filled(tape, 0);
        var rule = new AdamWRule();
        AdamW.Step(value, gradient, first, second, rule, step: 1, learningRate: 0.1, weightDecay: 0, gradientScale: 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((rule.Beta1, rule.Beta2, rule.Epsilon), Is.EqualTo((0.9, 0.99, 1e-8)));
            Assert.That(value.ToScalar(), Is.EqualTo(0.5f));
        }
    }

    private static void Check<TOp>(string name, Func<double, (double Value, double Derivative)> exact)
        where TOp : unmanaged, IUnaryOp
    {
        Device device = TestDevices.Get(name);
        using Tape tape = device.BeginTape();
        Tensor values = device.Temporary(1, Inputs.Length);
        values.CopyFrom(Inputs);
        Variable x = tape.Input(values), y = x.Apply<TOp>();
        float[] seen = y.Value.ToArray();
        tape.Backward(y.Sum());
        float[] slopes = x.Gradient.ToArray();
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < Inputs.Length; i++)
            {
                var (value, derivative) = exact(Inputs[i]);
                Assert.That(Math.Abs(seen[i] - value), Is.InRange(0, 1e-5 * Math.Max(1, Math.Abs(value))), $"value at {Inputs[i]}");
                Assert.That(Math.Abs(slopes[i] - derivative), Is.InRange(0, 1e-5), $"derivative at {Inputs[i]}");
            }
        }
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static Tensor Filled(Tape tape, float value)
    {
        Tensor tensor = tape.Allocate(1, 1);
        Elementwise.Fill(tensor, value);
        return tensor;
    }
}
