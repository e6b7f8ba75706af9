namespace TinyLM.Tests;

/// <summary>The public helper, by which a user checks an op of his own.</summary>
[Category("GradientCheck")]
public class GradientCheckHelperTests
{
    private static readonly (string Name, float[,] Values)[] TwoMatrices =
    [
        ("a", new float[,] { { 0.5f, -1.25f, 2 }, { 1, 0.25f, -0.75f } }), ("b", new float[,] { { 1.5f, 1, -0.5f }, { -1, 0.75f, 2 } }),
    ];

    private static Device Cpu => TestDevices.Get("cpu");

    [Test]
    public void A_right_op_passes()
    {
        IReadOnlyList<GradientCheckRow> rows = GradientCheck.Run(Cpu, (_, v) => v[0].Apply<SwiGlu>(v[1]).RmsNorm(), TwoMatrices);
        Assert.That(rows.Select(row => row.Input), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(rows.Select(row => row.Elements), Is.All.EqualTo(6));
        Assert.That(rows.Select(row => row.Passed), Is.All.True, string.Join("; ", rows));
    }

    [Test]
    public void An_op_of_ones_own_passes() => Assert.That(Check(Fault.None).Passed, Is.True, Check(Fault.None).ToString());

    [TestCase(Fault.Sign)]
    [TestCase(Fault.OnePercent)]
    [TestCase(Fault.AnotherFormula)]
    [TestCase(Fault.Nothing)]
    public void A_wrong_backward_pass_fails(Fault fault) => Assert.That(Check(fault).Passed, Is.False, Check(fault).ToString());

    [Test]
    public void An_input_that_does_not_matter_has_a_gradient_of_zero()
    {
        IReadOnlyList<GradientCheckRow> rows = GradientCheck.Run(Cpu, (_, v) => v[0].Apply<Silu>(), TwoMatrices);
        Assert.That(rows[1].RelativeError, Is.Zero);
    }

    private static GradientCheckRow Check(Fault fault) => GradientCheck.Run(Cpu, (_, v) => SiluWith(fault, v[0]), TwoMatrices[..1])[0];

    private static Variable SiluWith(Fault fault, Variable x)
    {
        Tensor y = x.Tape.Allocate(x.Rows, x.Columns);
        Elementwise.Unary<Silu>(x.Value, y);
        SiluRecord? operation = x.Tape.Record<SiluRecord>(x);
        operation?.Set(x, fault);
        return x.Tape.Result(operation, y);
    }

    public enum Fault
    {
        None,
        Sign,
        OnePercent,
        AnotherFormula,
        Nothing,
    }

    private sealed class SiluRecord : Operation
    {
        private Variable _x;
        private Fault _fault;

        public void Set(Variable x, Fault fault) => (_x, _fault) = (x, fault);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            if (_fault == Fault.AnotherFormula)
            {
                Elementwise.UnaryBackward<Gelu>(_x.Value, gradient, x.Tensor, x.Accumulate);
                return;
            }

            Elementwise.UnaryBackward<Silu>(_x.Value, gradient, x.Tensor, x.Accumulate);
            float factor = _fault switch
            {
                Fault.Sign => -1,
                Fault.OnePercent => 1.01f,
                Fault.Nothing => 0,
                _ => 1,
            };
            x.Tensor.CopyFrom(Array.ConvertAll(x.Tensor.ToArray(), value => factor * value));
        }
    }
}
