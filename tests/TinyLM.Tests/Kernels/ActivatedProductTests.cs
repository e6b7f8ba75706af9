namespace TinyLM.Tests.Kernels;

/// <summary>A product with a formula applied on its way out: the bits of the product and the formula one after the other.</summary>
public class ActivatedProductTests
{
    private static readonly (bool TransposeA, bool TransposeB)[] Layouts = [(false, true), (false, false), (true, false)];

    /// <summary>Few rows, whole tiles, edges, b in place and packed, sums in one block and in several.</summary>
    [Test]
    public void A_fused_formula_has_the_bits_of_two_steps([Values(1, 2, 3)] int threads, [Values] bool keepsSums)
    {
        using var device = Device.Open("cpu", threads);
        foreach (var (rows, columns, depth) in new[]
        {
            (1, 1, 1), (1, 257, 70), (4, 64, 33), (3, 130, 600), (5, 33, 16), (12, 64, 40), (61, 70, 600), (100, 257, 24), (30, 50, 1100), (14, 1700, 520), (200, 300, 90),
        })
        {
            CheckLayouts(device, rows, columns, depth, keepsSums);
        }
    }

    [Test]
    public void So_it_has_on_the_GPU([Values] bool keepsSums)
    {
        foreach (var (rows, columns, depth) in new[] { (1, 1, 1), (3, 65, 7), (70, 66, 33) })
        {
            CheckLayouts(TestDevices.Get("interpreted"), rows, columns, depth, keepsSums);
        }
    }

    [Test]
    public void Without_an_inner_size_the_formula_meets_the_bias([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        using Tape tape = TestDevices.Get(device).BeginPoisonedTape();
        Tensor bias = Filled(tape, 1, 20, 1), c = tape.Allocate(7, 20), expected = tape.Allocate(1, 20);
        MatMul.MultiplyAndApply<Gelu>(tape.Allocate(7, 0), false, tape.Allocate(20, 0), true, c, bias);
        Elementwise.Unary<Gelu>(bias, expected);
        for (int row = 0; row < c.Rows; row++)
        {
            Assert.That(c.RowRange(row, 1).ToArray(), Is.EqualTo(expected.ToArray()));
        }
    }

    [Test]
    public void Only_a_tape_that_records_keeps_the_sums([Values] bool gradients)
    {
        using var device = Device.Open("cpu", 1);
        const int rows = 128, inputs = 64, outputs = 256;
        using (Tape tape = device.BeginTape(gradients))
        {
            Variable x = tape.Input(tape.Allocate(rows, inputs)), weight = tape.Input(tape.Allocate(outputs, inputs));
            _ = x.Linear<Gelu>(weight);
        }

        long floats = rows * inputs + outputs * inputs + (gradients ? 2 : 1) * rows * outputs;
        Assert.That(device.Arena.PeakBytes, Is.EqualTo(floats * sizeof(float)));
    }

    /// <summary>Neither the fork nor the formula's pointer costs the garbage collector anything.</summary>
    [Test]
    public void Nothing_is_allocated_by_a_steady_product()
    {
        using var device = Device.Open("cpu", 2);
        using Tape tape = device.BeginTape();
        Tensor a = Filled(tape, 70, 300, 1), b = Filled(tape, 100, 300, 2), c = tape.Allocate(70, 100);
        MatMul.MultiplyAndApply(a, false, b, true, c, op: new Softcap(3));
        long before = GC.GetAllocatedBytesForCurrentThread();
        MatMul.MultiplyAndApply(a, false, b, true, c, op: new Softcap(3));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static void CheckLayouts(Device device, int rows, int columns, int depth, bool keepsSums)
    {
        foreach (var (transposeA, transposeB) in Layouts)
        {
            Check(device, rows, columns, depth, transposeA, transposeB, keepsSums, default(Gelu));
            Check(device, rows, columns, depth, transposeA, transposeB, keepsSums, new Affine(2, 1).Then(new Softcap(3)));
        }
    }

    private static void Check<TOp>(Device device, int rows, int columns, int depth, bool transposeA, bool transposeB, bool keepsSums, TOp op)
        where TOp : unmanaged, IUnaryOp
    {
        using Tape tape = device.BeginPoisonedTape();
        Tensor a = transposeA ? Filled(tape, depth, rows, 1) : Filled(tape, rows, depth, 1), bias = Filled(tape, 1, columns, 3);
        Tensor b = transposeB ? Filled(tape, columns, depth, 2) : Filled(tape, depth, columns, 2);
        Tensor z = tape.Allocate(rows, columns), y = tape.Allocate(rows, columns), fused = tape.Allocate(rows, columns);
        Tensor sums = keepsSums ? tape.Allocate(rows, columns) : default;
        MatMul.Multiply(a, transposeA, b, transposeB, z, accumulate: false, bias);
        Elementwise.Unary(z, y, op);
        MatMul.MultiplyAndApply(a, transposeA, b, transposeB, fused, bias, sums, op);
        string what = $"{rows}x{columns}x{depth} {transposeA} {transposeB} {typeof(TOp).Name}";
        Assert.That(fused.ToArray().AsSpan().SequenceEqual(y.ToArray()), Is.True, what);
        Assert.That(!keepsSums || sums.ToArray().AsSpan().SequenceEqual(z.ToArray()), Is.True, $"the sums of {what}");
    }

    private static Tensor Filled(Tape tape, int rows, int columns, int seed)
    {
        Tensor tensor = tape.Allocate(rows, columns);
        tensor.CopyFrom(Numbers.Random(tensor.Length, seed));
        return tensor;
    }
}
