using TinyLM.Tests.Kernels;

namespace TinyLM.Tests;

/// <summary>Rounding to bfloat16, and what it costs each op that takes a weight in it.</summary>
[Category("GradientCheck")]
public class BFloat16Tests
{
    private const ushort NaN = 0x7FFF;

    /// <summary>Lower halves of a float: nothing to round, just above, just below, at and above the middle, all ones.</summary>
    private static readonly uint[] LowerHalves = [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF];

    private static readonly (int Rows, int Columns, int Depth)[] Products =
    [
        (1, 1, 1), (1, 257, 70), (3, 65, 600), (4, 64, 33), (5, 33, 16), (13, 65, 15), (25, 17, 33), (24, 48, 100), (31, 30, 1100), (70, 96, 40), (14, 1700, 520),
    ];

    public static IEnumerable<object[]> CasesOnDevices =>
        from device in TestDevices.Names
        from @case in OpCases.All
        where @case.BFloat16 is not null && (!@case.IsLarge || device == "cpu")
        select new object[] { @case, device };

    public static IEnumerable<OpCase> Cases => OpCases.All.Where(@case => @case.BFloat16 is not null);

    /// <summary>Against the weights as they were, which tells what the format costs, and against the rounded ones, which tells whether the kernels are right.</summary>
    [TestCaseSource(nameof(CasesOnDevices))]
    public void An_op_agrees_with_the_reference_of_its_weights_before_and_after_rounding(OpCase @case, string device)
    {
        Matrix[] inputs = @case.Values(), rounded = Rounded(@case, inputs);
        Matrix dy = @case.Upstream("dy", @case.Forward(inputs));
        OpRun run = OpRun.Once(OfBFloat16(@case), TestDevices.Get(device), inputs, dy);
        Check(@case, $"{device} bf16", run, @case.Forward(inputs), @case.Gradient(inputs, dy), Comparison.BFloat16Limit);
        Check(@case, $"{device} bf16, its own weights", run, @case.Forward(rounded), @case.Gradient(rounded, dy), Comparison.SingleLimit);
    }

    [TestCaseSource(nameof(CasesOnDevices))]
    public void Gradients_of_an_input_used_twice_add_up(OpCase @case, string device)
    {
        Matrix[] inputs = @case.Values(), rounded = Rounded(@case, inputs);
        Matrix once = @case.Forward(rounded), dy = @case.Upstream("dy", once), weights = @case.Upstream("weights", once);
        OpRun run = OpRun.Twice(OfBFloat16(@case), TestDevices.Get(device), inputs, dy, weights);
        Matrix[] expected = @case.Gradient(rounded, dy.Zip(weights, (upstream, weight) => upstream * (1 + weight)));
        for (int i = 0; i < run.Gradients.Length; i++)
        {
            Assert.That(Comparison.RelativeError(run.Gradients[i], expected[i]), Is.InRange(0, Comparison.SingleLimit), $"d{@case.Inputs[i].Name}");
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Any_number_of_threads_gives_the_same_bits(OpCase @case)
    {
        Matrix[] inputs = @case.Values();
        Matrix dy = @case.Upstream("dy", @case.Forward(inputs));
        OpRun one = OpRun.Once(OfBFloat16(@case), TestDevices.Cpu(1), inputs, dy);
        foreach (int threads in new[] { 2, 3 })
        {
            OpRun many = OpRun.Once(OfBFloat16(@case), TestDevices.Cpu(threads), inputs, dy);
            Assert.That(many.Result.AsSpan().SequenceEqual(one.Result), Is.True, $"the result with {threads} threads");
            Assert.That(many.Gradients, Is.EqualTo(one.Gradients), $"the gradients with {threads} threads");
        }
    }

    /// <summary>All 65,536 upper halves, so all denormals, infinities and NaNs.</summary>
    [Test]
    public void Every_float_is_rounded_to_its_nearest_even([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string name)
    {
        using Device device = Device.Open(name, threadCount: 2);
        float[] values = [.. from upper in Enumerable.Range(0, 1 << 16) from lower in LowerHalves select BitConverter.UInt32BitsToSingle(((uint)upper << 16) | lower)];
        ushort[] seen = Round(device, values);
        int wrong = Array.FindIndex(Enumerable.Range(0, values.Length).ToArray(), i => seen[i] != Expected(values[i]));
        Assert.That(wrong, Is.EqualTo(-1), wrong < 0 ? "" : $"{values[wrong]:R} became {seen[wrong]:X4}, expected {Expected(values[wrong]):X4}");
    }

    [Test]
    public void Widening_and_rounding_again_changes_no_bit([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string name)
    {
        ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits)];
        using Device device = Device.Open(name, threadCount: 2);
        float[] wide;
        using (device.BeginTape())
        {
            BFloat16Tensor narrow = device.TemporaryBFloat16(1, all.Length);
            narrow.CopyFrom(all);
            Tensor y = device.Temporary(1, all.Length);
            BFloat16.Widen(narrow, y);
            wide = y.ToArray();
        }

        Assert.That(Array.ConvertAll(wide, value => BitConverter.SingleToUInt32Bits(value) & 0xFFFF), Is.All.Zero);
        Assert.That(Round(device, wide), Is.EqualTo(all.Select(bits => float.IsNaN(BitConverter.UInt32BitsToSingle((uint)bits << 16)) ? NaN : bits)));
    }

    [Test]
    public void Lengths_that_fill_no_vector_are_rounded_and_nothing_after_them([Values(1, 15, 16, 17, 33)] int length)
    {
        Device device = TestDevices.Get("cpu");
        using Tape tape = device.BeginTape();
        BFloat16Tensor all = device.TemporaryBFloat16(1, length + 20), first = all.Slice(0, 1, length);
        all.CopyFrom([.. Enumerable.Repeat((ushort)0x1234, length + 20)]);
        Tensor x = tape.Allocate(1, length);
        Elementwise.Fill(x, 1);
        BFloat16.Round(x, first);
        Assert.That(all.ToArray(), Is.EqualTo(Enumerable.Repeat((ushort)0x3F80, length).Concat(Enumerable.Repeat((ushort)0x1234, 20))));
    }

    /// <summary>Packed, in place or read once: b in bfloat16 takes other ways through memory than b in float32, but the same order of sums.</summary>
    [Test]
    public void A_product_has_the_bits_of_the_widened_factor([Values(1, 2)] int threads, [Values] bool transposeB)
    {
        using Device device = Device.Open("cpu", threads);
        foreach (var (rows, columns, depth) in Products)
        {
            CheckBits(device, rows, columns, depth, transposeB);
        }
    }

    [Test]
    public void A_product_on_the_GPU_has_the_bits_of_the_widened_factor([Values] bool transposeB) =>
        CheckBits(TestDevices.Get("interpreted"), 70, 66, 33, transposeB);

    /// <summary>From 1 to 1.01 in steps of 0.0001, of which bfloat16, whose next number after 1 is 1.0078, sees not one.</summary>
    [Test]
    public void Steps_below_the_formats_resolution_add_up_in_the_masters([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string name)
    {
        Device device = TestDevices.Get(name);
        var parameters = new ParameterSet(device, [new("first", 3, 5, Decays: false), new("second", 1, 7, Decays: true)]);
        Elementwise.Fill(parameters.Values, 1);
        var weights = new BFloat16Weights(parameters);
        var optimizer = new SgdOptimizer(parameters, new SgdRule(Momentum: 0));
        for (int step = 0; step < 100; step++)
        {
            using Tape tape = device.BeginTape();
            Elementwise.Fill(parameters.Gradients, -1);
            foreach (Parameter parameter in parameters.All)
            {
                parameter.HasGradient = true;
            }

            optimizer.Step(learningRate: 1e-4, weightDecay: 0, clipNorm: 1e9);
            weights.Refresh();
        }

        foreach (Parameter parameter in parameters.All)
        {
            Assert.That(parameter.Value.ToArray(), Is.All.EqualTo(1.01f).Within(1e-5f));
            Assert.That(weights[parameter].ToArray(), Is.All.EqualTo(0x3F81), "1.0078125");
        }
    }

    [Test]
    public void A_parameter_of_another_set_has_no_copy()
    {
        Device device = TestDevices.Get("cpu");
        ParameterSet parameters = new(device, [new("own", 2, 2, Decays: true)]), others = new(device, [new("other", 90, 90, Decays: true)]);
        var weights = new BFloat16Weights(parameters);
        Assert.That(() => weights[others["other"]], Throws.ArgumentException.With.Message.Contains("parameter 'other' belongs to another set"));
    }

    [Test]
    public void Training_with_rounded_weights_ends_where_training_in_float32_does()
    {
        double single = LossAfterTraining(rounded: false), rounded = LossAfterTraining(rounded: true);
        Assert.That(single, Is.InRange(0, 0.1));
        Assert.That(rounded, Is.InRange(0, 0.1).And.EqualTo(single).Within(0.05 * single));
    }

    /// <summary>A network learns which token follows which: embedding, hidden layer, head.</summary>
    private static double LossAfterTraining(bool rounded)
    {
        const int vocabulary = 11, width = 16, hidden = 32;
        Device device = TestDevices.Get("cpu");
        var parameters = new ParameterSet(
            device, [new("table", vocabulary, width, Decays: true), new("up", hidden, width, Decays: true), new("head", vocabulary, hidden, Decays: true)]);
        var random = new Philox(seed: 5, Philox.Purpose("rounded training"));
        parameters.Values.CopyFrom([.. Enumerable.Range(0, parameters.Values.Columns).Select(i => 0.3f * (float)random.Normal((ulong)i))]);
        Parameter table = parameters["table"], up = parameters["up"], head = parameters["head"];
        var weights = new BFloat16Weights(parameters);
        var optimizer = new AdamWOptimizer(parameters, new AdamWRule());
        int[] ids = [.. Enumerable.Range(0, vocabulary)], targets = [.. ids.Select(id => (id * 7 + 3) % vocabulary)];
        double loss = 0;
        for (int step = 0; step < 100; step++)
        {
            using Tape tape = device.BeginTape();
            IndexTensor tokens = device.TemporaryIndices(ids);
            Variable logits = rounded
                ? tape.Use(table).Embedding(weights[table], tokens).Linear(weights[up], tape.Use(up)).Apply<Gelu>().Linear(weights[head], tape.Use(head))
                : tape.Use(table).Embedding(tokens).Linear(tape.Use(up)).Apply<Gelu>().Linear(tape.Use(head));
            Variable mean = logits.CrossEntropy(device.TemporaryIndices(targets)).Sum(1f / vocabulary);
            tape.Backward(mean);
            loss = mean.Value.ToScalar();
            optimizer.Step(learningRate: 0.01, weightDecay: 0.01, clipNorm: 1);
            parameters.ClearGradients();
            weights.Refresh();
        }

        return loss;
    }

    internal static void CheckBits(Device device, int rows, int columns, int depth, bool transposeB)
    {
        using Tape tape = device.BeginTape();
        Tensor a = Filled(tape, rows, depth, 1), bias = Filled(tape, 1, columns, 3), residual = Filled(tape, rows, columns, 4);
        Tensor b = transposeB ? Filled(tape, columns, depth, 2) : Filled(tape, depth, columns, 2);
        BFloat16Tensor narrow = device.TemporaryBFloat16(b.Rows, b.Columns);
        BFloat16.Round(b, narrow);
        BFloat16.Widen(narrow, b);
        Tensor expected = tape.Allocate(rows, columns), seen = tape.Allocate(rows, columns);
        MatMul.Multiply(a, false, b, transposeB, expected, accumulate: false, bias, residual);
        MatMul.Multiply(a, narrow, transposeB, seen, accumulate: false, bias, residual);
        Assert.That(seen.ToArray().AsSpan().SequenceEqual(expected.ToArray()), Is.True, $"{rows}x{columns}x{depth}");
    }

    private static Tensor Filled(Tape tape, int rows, int columns, int seed)
    {
        Tensor tensor = tape.Allocate(rows, columns);
        tensor.CopyFrom(Numbers.Random(tensor.Length, seed));
        return tensor;
    }

    private static ushort[] Round(Device device, float[] values)
    {
        using Tape tape = device.BeginTape();
        Tensor x = tape.Allocate(1, values.Length);
        x.CopyFrom(values);
        BFloat16Tensor rounded = device.TemporaryBFloat16(1, values.Length);
        BFloat16.Round(x, rounded);
        return rounded.ToArray();
    }

    private static ushort Expected(float value) =>
        float.IsNaN(value) ? NaN : (ushort)(BitConverter.SingleToUInt32Bits((float)Reference.RoundToBFloat16(value)) >> 16);

    private static OpCase OfBFloat16(OpCase @case) => @case with { Function = @case.BFloat16!.Function };

    private static Matrix[] Rounded(OpCase @case, Matrix[] inputs) =>
        [.. inputs.Select((input, i) => i == @case.BFloat16!.Input ? input.Map(Reference.RoundToBFloat16) : input)];

    private static void Check(OpCase @case, string device, OpRun run, Matrix value, Matrix[] gradients, double limit)
    {
        CheckTable.Check(@case.Op, @case.Case, device, "y", Comparison.RelativeError(run.Result, value), limit);
        for (int i = 0; i < run.Gradients.Length; i++)
        {
            CheckTable.Check(@case.Op, @case.Case, device, $"d{@case.Inputs[i].Name}", Comparison.RelativeError(run.Gradients[i], gradients[i]), limit);
        }
    }
}
