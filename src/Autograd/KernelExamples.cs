namespace TinyLM;

/// <summary>Small runs of the library's kernels, forward and backward, for KernelLab.</summary>
public static class KernelExamples
{
    private const int Tokens = 64;
    private const int Width = 96;

    [KernelExample("Elementwise.UnaryGpu")]
    public static void Unary<TOp>(GpuDevice device)
        where TOp : unmanaged, IUnaryOp => Run(device, [(Tokens, Width)], (_, x) => x[0].Apply<TOp>());

    [KernelExample("Elementwise.BinaryGpu")]
    public static void Binary<TOp>(GpuDevice device)
        where TOp : unmanaged, IBinaryOp => Run(device, [(Tokens, Width), (Tokens, Width)], (_, x) => x[0].Apply<TOp>(x[1]));

    /// <summary>A column that is broadcast has the row sums as its gradient.</summary>
    [KernelExample("Elementwise")]
    public static void Elementwise(GpuDevice device)
    {
        Run(device, [(Tokens, Width), (Tokens, 1)], (_, x) => x[0].Apply<Multiply>(x[1]));
        using Tape tape = device.BeginTape();
        TinyLM.Elementwise.Fill(tape.Allocate(Tokens, Width), 1);
    }

    [KernelExample("MatMul.TileProduct")]
    public static void Linear<TOp>(GpuDevice device)
        where TOp : unmanaged, IUnaryOp => Run(device, [(Tokens, Width), (128, Width), (1, 128)], (_, x) => x[0].Linear<TOp>(x[1], x[2]));

    [KernelExample("ColumnSums")]
    public static void Linear(GpuDevice device) => Run(device, [(Tokens, Width), (128, Width), (1, 128)], (_, x) => x[0].Linear(x[1], x[2]));

    [KernelExample("RmsNorm")]
    public static void RmsNorm(GpuDevice device) => Run(device, [(Tokens, Width), (1, Width)], (_, x) => x[0].RmsNorm(x[1]));

    [KernelExample("LayerNorm")]
    public static void LayerNorm(GpuDevice device) => Run(device, [(Tokens, Width), (1, Width), (1, Width)], (_, x) => x[0].LayerNorm(x[1], x[2]));

    /// <summary>More tokens than are sorted in one chunk.</summary>
    [KernelExample("Embedding")]
    [KernelExample("TokenOrder")]
    public static void Embedding(GpuDevice device) =>
        Run(device, [(50, Width)], (tape, x) => x[0].Embedding(tape.Device.TemporaryIndices(Indices(600, 50))));

    [KernelExample("RowCopy")]
    public static void RowCopy(GpuDevice device) => Run(device, [(Tokens, Width)], (tape, x) => x[0].MergeRows(
        tape.Device.TemporaryIndices(Indices(Tokens, Tokens)), tape.Device.TemporaryIndices(Indices(Tokens, Tokens)), tape.Allocate(1, Width),
        tape.Device.TemporaryIndices([]), tape.Device.TemporaryIndices([])));

    [KernelExample("Rotary")]
    public static void Rotary(GpuDevice device) => Run(device, [(Tokens, Width)], (tape, x) =>
        x[0].Rotary(tape.Device.TemporaryIndices(Indices(Tokens, Tokens)), TinyLM.Rotary.CreateTable(tape.Device, Tokens, 32, 10000), headCount: 3));

    /// <summary>Two documents; then one token more of a document whose keys and values are cached.</summary>
    [KernelExample("Attention")]
    public static void Attention(GpuDevice device)
    {
        var shape = new AttentionShape(3, 1, 32);
        Run(device, [(Tokens, shape.TotalWidth)], (_, x) => x[0].Attention(new DocumentOffsets([0, 24, Tokens]), shape));
        using Tape tape = device.BeginTape();
        Tensor cache = tape.Allocate(16, 2 * shape.KeyValueWidth);
        TinyLM.Attention.ForwardCached(Random(tape, 16, shape.TotalWidth, 1), cache, 0, shape, tape.Allocate(16, shape.QueryWidth));
    }

    [KernelExample("CrossEntropy")]
    public static void CrossEntropy(GpuDevice device) =>
        Run(device, [(Tokens, 65)], (tape, x) => x[0].CrossEntropy(tape.Device.TemporaryIndices(Indices(Tokens, 65))));

    [KernelExample("Reduction")]
    public static void Reduction(GpuDevice device) => Run(device, [(Tokens, Width)], (_, x) => x[0].Sum());

    [KernelExample("AdamW")]
    public static void AdamW(GpuDevice device)
    {
        using Tape tape = device.BeginTape();
        Tensor second = tape.Allocate(Tokens, Width);
        TinyLM.Elementwise.Fill(second, 0.1f);
        TinyLM.AdamW.Step(
            Random(tape, Tokens, Width, 1), Random(tape, Tokens, Width, 2), Random(tape, Tokens, Width, 3), second,
            new AdamWRule(), step: 1, learningRate: 1e-3, weightDecay: 0.1, gradientScale: 1);
    }

    private static void Run(GpuDevice device, (int Rows, int Columns)[] shapes, Func<Tape, Variable[], Variable> function)
    {
        using Tape tape = device.BeginTape();
        Variable[] inputs = [.. shapes.Select((shape, index) => tape.Input(Random(tape, shape.Rows, shape.Columns, index)))];
        Variable result = function(tape, inputs);
        tape.Backward(result, Random(tape, result.Value.Rows, result.Value.Columns, inputs.Length));
    }

    private static Tensor Random(Tape tape, int rows, int columns, int purpose)
    {
        var random = new Philox(seed: 1, Philox.Purpose($"example {purpose}"));
        Tensor tensor = tape.Allocate(rows, columns);
        tensor.CopyFrom([.. Enumerable.Range(0, rows * columns).Select(index => (float)random.Normal((ulong)index))]);
        return tensor;
    }

    private static int[] Indices(int count, int limit) => [.. Enumerable.Range(0, count).Select(index => index * 7 % limit)];
}
