namespace TinyLM.Tests;

/// <summary>Kernels that are not on a tape by themselves: the raw matrix product, sums, the optimiser's step, attention with a cache.</summary>
public static partial class KernelCases
{
    private const int Step = 3;
    private const double LearningRate = 0.01, WeightDecay = 0.1, GradientScale = 0.5;

    private static readonly AdamWRule Rule = new(0.9, 0.95, 1e-8);

    private static readonly (int Rows, int Columns, int Depth)[] MatMulShapes = [(1, 1, 1), (2, 17, 33), (33, 17, 5), (65, 33, 17), (17, 70, 66)];

    public static IReadOnlyList<KernelCase> All { get; } =
    [
        .. from layout in new[] { "NN", "NT", "TN" }
           from shape in MatMulShapes
           from accumulate in new[] { false, true }
           select MatMul(layout, shape.Rows, shape.Columns, shape.Depth, accumulate),
        .. from shape in new[] { (1, 1), (1, 33), (64, 1), (65, 17), (130, 33), (300, 50) }
           from accumulate in new[] { false, true }
           select ColumnSums(shape.Item1, shape.Item2, accumulate),
        .. from shape in new[] { (1, 1), (3, 17), (130, 33), (200, 100) }
           select new KernelCase(
               "SumOfSquares", $"{shape.Item1}x{shape.Item2}", [new("x", shape.Item1, shape.Item2)],
               (device, x) => Written(device, 1, 1, y => Reduction.SumOfSquares(x[0], y)),
               x => [Reference.SumOfSquares(x[0])])
           {
               IsLarge = shape.Item1 * shape.Item2 > 5000,
           },
        .. from length in new[] { 1, 17, 300, 13000 }
           select AdamW(length),
        TopK(1, 1, 1), TopK(5, 17, 3), TopK(33, 40, 40), TopK(3, 300, 5), TopK(200, 90, 8),
        .. Optimizers(),
        .. BFloat16s(),
        AttentionCached(firstCount: 1, tokens: 3, new AttentionShape(2, 1, 5)),
        AttentionCached(20, 21, new AttentionShape(4, 2, 8)),
        AttentionCached(9, 40, new AttentionShape(1, 1, 32)),
        .. AttentionCachedOptions(),
    ];

    /// <summary>c is an operand, since it may be added to.</summary>
    private static KernelCase MatMul(string layout, int rows, int columns, int depth, bool accumulate)
    {
        bool transposeA = layout[0] == 'T', transposeB = layout[1] == 'T';
        OpInput a = transposeA ? new("a", depth, rows) : new("a", rows, depth), b = transposeB ? new("b", columns, depth) : new("b", depth, columns);
        return new KernelCase(
            "MatMul", $"{layout} {rows}x{columns}x{depth}{(accumulate ? " accumulate" : "")}", [a, b, new("c", rows, columns)],
            (device, x) => accumulate
                ? Overwritten(x[2], () => TinyLM.MatMul.Multiply(x[0], transposeA, x[1], transposeB, x[2], accumulate: true))
                : Written(device, rows, columns, c => TinyLM.MatMul.Multiply(x[0], transposeA, x[1], transposeB, c)),
            x => [accumulate ? Reference.Add(Reference.Product(x[0], transposeA, x[1], transposeB), x[2]) : Reference.Product(x[0], transposeA, x[1], transposeB)]);
    }

    private static KernelCase ColumnSums(int rows, int columns, bool accumulate) => new(
        "ColumnSums", $"{rows}x{columns}{(accumulate ? " accumulate" : "")}", [new("x", rows, columns), new("y", 1, columns)],
        (device, x) => accumulate
            ? Overwritten(x[1], () => TinyLM.ColumnSums.Forward(x[0], x[1], accumulate: true))
            : Written(device, 1, columns, y => TinyLM.ColumnSums.Forward(x[0], y, accumulate: false)),
        x => [accumulate ? Reference.Add(Reference.ColumnSums(x[0]), x[1]) : Reference.ColumnSums(x[0])])
    {
        IsLarge = rows * columns > 5000,
    };

    private static KernelCase AdamW(int length) => new(
        "AdamW", $"{length}", [new("values", 1, length), new("gradients", 1, length), new("first", 1, length), new("second", 1, length, Draw.Positive)],
        (_, x) =>
        {
            TinyLM.AdamW.Step(x[0], x[1], x[2], x[3], Rule, Step, LearningRate, WeightDecay, GradientScale);
            return [x[0], x[2], x[3]];
        },
        x => Reference.AdamW(x[0], x[1], x[2], x[3], Rule, Step, LearningRate, WeightDecay, GradientScale))
    {
        IsLarge = length > 5000,
    };

    /// <summary>
    /// The values, and where they stand; of three elements two are copies, of the one before and of the one 32 before, so that there are equals, which
    /// meet in different lanes of a warp and in the same.
    /// </summary>
    private static KernelCase TopK(int rows, int columns, int count) => new(
        "TopK", $"{count} of {rows}x{columns}", [new("x", rows, columns)],
        (device, x) =>
        {
            float[] elements = x[0].ToArray();
            x[0].CopyFrom(WithEquals(elements));
            Tensor values = device.Temporary(rows, count), places = device.Temporary(rows, count);
            IndexTensor at = device.TemporaryIndices(rows * count, columns);
            TinyLM.TopK.Select(x[0], values, at);
            places.CopyFrom(Array.ConvertAll(at.ToArray(), place => (float)place));
            return [values, places];
        },
        x => Reference.TopK(new Matrix(rows, columns, WithEquals(x[0].ToFloats()).Select(value => (double)value)), count))
    {
        IsLarge = rows * columns > 5000,
    };

    private static float[] WithEquals(float[] values) => [.. values.Select((value, i) => i % 3 == 2 ? values[i - 1] : i % 3 == 0 && i >= 32 ? values[i - 32] : value)];

    /// <summary>A document in two parts, the second seeing the first through the cache, whose free rows hold NaN.</summary>
    private static KernelCase AttentionCached(int firstCount, int tokens, AttentionShape shape) => new(
        "AttentionCached", $"{firstCount} and {tokens - firstCount} of {OpCases.Describe(shape)}",
        [new("qkv", tokens, shape.TotalWidth)],
        (device, x) =>
        {
            Tensor cache = device.Temporary(tokens + 7, 2 * shape.KeyValueWidth);
            return Written(device, tokens, shape.QueryWidth, y =>
            {
                Attention.ForwardCached(x[0].RowRange(0, firstCount), cache, 0, shape, y.RowRange(0, firstCount));
                Attention.ForwardCached(
                    x[0].RowRange(firstCount, tokens - firstCount), cache, firstCount, shape, y.RowRange(firstCount, tokens - firstCount));
            });
        },
        x => [Reference.Attention(x[0], DocumentOffsets.OneDocument(tokens), shape)]);

    /// <summary>The result is fresh memory, full of NaN.</summary>
    private static Tensor[] Written(Device device, int rows, int columns, Action<Tensor> write)
    {
        Tensor y = device.Temporary(rows, columns);
        write(y);
        return [y];
    }

    private static Tensor[] Overwritten(Tensor target, Action write)
    {
        write();
        return [target];
    }
}
