using TinyLM.Tests.Kernels;

namespace TinyLM.Tests;

/// <summary>Results whose memory serves others between the forward and the backward pass.</summary>
public class ReleaseTests
{
    private const int Rows = 37;
    private const int Columns = 34;

    public static IEnumerable<TestCaseData> Ops()
    {
        (string Name, Func<Variable, Variable, Variable> Make)[] ops =
        [
            ("RmsNorm", (x, w) => x.RmsNorm(w.RowRange(0, 1))),
            ("LayerNorm", (x, w) => x.LayerNorm(w.RowRange(0, 1), w.RowRange(1, 1))),
            ("LayerNorm of heads", (x, _) => x.LayerNorm(headCount: 2, headSize: 16)),
            ("Linear Gelu", (x, w) => x.Linear<Gelu>(w)),
            ("Silu", (x, _) => x.Apply<Silu>()),
            ("SwiGlu", (x, w) => x.Apply<SwiGlu>(x.Linear(w))),
            ("Multiply, broadcast", (x, w) => x.Apply<Multiply>(w.RowRange(2, 1))),
        ];
        return from op in ops from device in new[] { "cpu", "interpreted" } select new TestCaseData(device, op.Make).SetArgDisplayNames(op.Name, device);
    }

    [TestCaseSource(nameof(Ops))]
    public void What_is_made_again_has_the_same_bits(string device, Func<Variable, Variable, Variable> make) =>
        Assert.That(Gradients(device, make, release: true), Is.EqualTo(Gradients(device, make, release: false)).And.Some.Not.Zero);

    [Test]
    public void Layers_need_less_memory_with_and_without_gradients([Values] bool gradients)
    {
        Assert.That(Peak(release: true), Is.LessThan(Peak(release: false) * 0.75));

        long Peak(bool release)
        {
            using Device device = Device.Open("cpu", 1);
            using (Tape tape = device.BeginTape(gradients))
            {
                Variable x = tape.Input(device.Upload(Rows, Columns, Numbers.Random(Rows * Columns, 1)));
                for (int layer = 0; layer < 8; layer++)
                {
                    Variable normed = x.RmsNorm(), y = normed.Apply<Add>(x);
                    Released(normed, release);
                    x = y;
                }

                if (gradients)
                {
                    tape.Backward(x.Sum());
                }
            }

            return device.Arena.PeakBytes;
        }
    }

    [Test]
    public void Reading_it_in_the_forward_pass_says_so()
    {
        using Device device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Variable y = tape.Input(device.Allocate(2, 3)).Apply<Silu>();
        y.Release();
        Assert.That(() => y.Apply<Tanh>(), Throws.InvalidOperationException.With.Message.EqualTo(
            "Variable: the result of Silu [2, 3] has given its memory to others; read it before."));
        Assert.That((y.Rows, y.Columns), Is.EqualTo((2, 3)));
    }

    [Test]
    public void The_result_of_an_op_that_cannot_make_it_again_is_kept_and_so_is_what_no_op_made()
    {
        using Device device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(Ones(device)), constant = tape.Constant(Ones(device)).Apply<Affine>(new Affine(2, 0));
        Variable product = x.Linear(x);
        foreach (Variable variable in new[] { x, product, constant })
        {
            variable.Release();
        }

        tape.Allocate(3, 3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(x.Value.ToArray(), Is.All.EqualTo(1));
            Assert.That(product.Value.ToArray(), Is.All.EqualTo(3));
            Assert.That(constant.Value.ToArray(), Is.All.EqualTo(2), "it has no record to be made again by");
        }

        static Tensor Ones(Device device) => device.Upload(3, 3, [.. Enumerable.Repeat(1f, 9)]);
    }

    /// <summary>It is made again in a block's backward pass, whose memory ends with the block, and read once more after that.</summary>
    [Test]
    public void A_recomputed_block_may_read_it_first([Values("cpu", "interpreted")] string device)
    {
        Assert.That(Gradients(device, Make(release: true), release: false), Is.EqualTo(Gradients(device, Make(release: false), release: false)));

        static Func<Variable, Variable, Variable> Make(bool release) => (x, w) =>
        {
            Variable normed = x.RmsNorm(), first = normed.Linear(w);
            Variable second = x.Tape.Recompute(normed, w, static (x, w) => x.Linear(w).Apply<Silu>().Linear(w));
            Released(normed, release);
            return first.Apply<Multiply>(second);
        };
    }

    [Test]
    public void Rotary_in_place_has_the_same_bits_and_takes_only_an_op_s_result([Values("cpu", "interpreted")] string name)
    {
        Device device = TestDevices.Get(name);
        Tensor table = Rotary.CreateTable(device, Rows, 8, 100);
        Assert.That(Gradients(name, Make(inPlace: true), release: false), Is.EqualTo(Gradients(name, Make(inPlace: false), release: false)));
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(device.Temporary(Rows, Columns));
        Assert.That(() => Turned(x, inPlace: true), Throws.InvalidOperationException.With.Message.Contains("is no op's result"));
        Variable product = x.Linear(x.RowRange(0, Columns));
        Turned(product, inPlace: true);
        Assert.That(() => product.Value, Throws.InvalidOperationException.With.Message.Contains("the result of Linear [37, 34] has given its memory to others"));

        Func<Variable, Variable, Variable> Make(bool inPlace) => (x, w) => Turned(x.Linear(w), inPlace);

        Variable Turned(Variable x, bool inPlace) =>
            x.Rotary(x.Device.TemporaryIndices([.. Enumerable.Range(0, Rows)]), table, headCount: 3, headSize: 10, inPlace);
    }

    /// <summary>The head's gradient is computed in the forward pass where it will lie; other gradients of the same parameter come before and after.</summary>
    [Test]
    public void Losses_that_share_a_head_add_up_also_over_passes([Values("cpu", "interpreted")] string name)
    {
        Device device = TestDevices.Get(name);
        float[] first = Gradient((0, 1)), second = Gradient((1, 0.5f)), third = Gradient((2, -3));
        Assert.That(Gradient((0, 1), (1, 0.5f), (2, -3)), Is.EqualTo(Sum(first, second, third)).Within(1e-6f), "one pass");
        Assert.That(Passes(device, [(0, 1)], [(1, 0.5f), (2, -3)]), Is.EqualTo(Sum(first, second, third)).Within(1e-6f), "two passes");
        Assert.That(first, Has.Some.Not.Zero);

        float[] Gradient(params (int Targets, float Factor)[] losses) => Passes(device, losses);

        static float[] Sum(params float[][] terms) => [.. terms[0].Select((_, i) => terms.Sum(term => term[i]))];
    }

    private static float[] Passes(Device device, params (int Targets, float Factor)[][] passes)
    {
        var parameters = new ParameterSet(device, [new ParameterShape("head", 5, Columns, Decays: true)]);
        parameters.Values.CopyFrom(Numbers.Random(parameters.Values.Columns, 3));
        foreach (var losses in passes)
        {
            using Tape tape = device.BeginTape();
            Variable x = tape.Constant(device.Upload(Rows, Columns, Numbers.Random(Rows * Columns, 1))), sum = default;
            foreach (var (targets, factor) in losses)
            {
                IndexTensor ids = device.TemporaryIndices([.. Enumerable.Range(0, Rows).Select(i => (i * (targets + 1) + targets) % 5)]);
                Variable loss = x.LinearCrossEntropySum(tape.Use(parameters["head"]), ids, 1f / Rows) * factor;
                sum = sum.IsNone ? loss : sum + loss;
            }

            tape.Backward(sum);
        }

        return parameters["head"].Gradient.ToArray();
    }

    private static float[] Gradients(string name, Func<Variable, Variable, Variable> make, bool release)
    {
        Device device = TestDevices.Get(name);
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(Random(Rows, 1)), w = tape.Input(Random(Columns, 2));
        Variable y = make(x, w), z = y.Linear(w).Apply<Tanh>();
        Released(y, release);
        Variable after = z.Apply<Multiply>(x);
        tape.Backward(after.Sum());
        return [.. x.Gradient.ToArray(), .. w.Gradient.ToArray()];

        Tensor Random(int rows, ulong seed)
        {
            Tensor tensor = device.Temporary(rows, Columns);
            tensor.CopyFrom(Numbers.Random(rows * Columns, (int)seed));
            return tensor;
        }
    }

    private static void Released(Variable variable, bool release)
    {
        if (release)
        {
            variable.Release();
        }
    }
}
