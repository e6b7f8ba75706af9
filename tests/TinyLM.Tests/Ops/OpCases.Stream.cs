namespace TinyLM.Tests;

/// <content>Ops that know tokens and documents.</content>
public static partial class OpCases
{
    private const double RotaryBase = 100;

    private static IEnumerable<OpCase> Embeddings() =>
    [
        Embedding(entries: 1, columns: 1, tokens: 1), Embedding(7, 17, 1), Embedding(7, 1, 20), Embedding(5, 33, 70), Embedding(90, 8, 40),
        Embedding(3, 35, 19, isOneId: true), Embedding(2, 5, 1100, isOneId: true), Embedding(40, 4, 1300), Embedding(50304, 2, 1100),
        Embedding(60, 100, 120, isLarge: true),
    ];

    /// <summary>
    /// Ids repeat, so that rows of the gradient are sums, and in a large table some rows have no token; or all tokens have one id, so that a row is
    /// the sum of all. More than 512 tokens are sorted in several chunks.
    /// </summary>
    internal static OpCase Embedding(int entries, int columns, int tokens, bool isLarge = false, bool isOneId = false, ulong draw = 2)
    {
        int[] ids = isOneId ? [.. Enumerable.Repeat(entries - 1, tokens)] : Indices(tokens, 0, entries, draw);
        return new OpCase(
            "Embedding", $"{entries}x{columns}, {tokens} tokens{(isOneId ? " of one id" : "")}", [Input("table", entries, columns)],
            (tape, v) => v[0].Embedding(tape.Device.TemporaryIndices(ids)),
            x => Reference.Embedding(x[0], ids),
            (x, dy) => Reference.EmbeddingGradient(x[0], ids, dy))
        {
            IsLarge = isLarge,
            BFloat16 = new(Input: 0, (tape, v) => v[0].Embedding(Rounded(v[0]), tape.Device.TemporaryIndices(ids))),
        };
    }

    private static IEnumerable<OpCase> Rotaries() =>
    [
        Rotary([1], heads: 1, size: 2), Rotary([7, 1, 5], 2, 8), Rotary([66], 1, 6), Rotary([3, 30, 2], 3, 16), Rotary([9, 4], 2, 32),
        Rotary([5, 6], 2, 40, unturned: 17), Rotary([60, 1, 70], 3, 16, unturned: 5, isLarge: true),
    ];

    internal static OpCase Rotary(int[] lengths, int heads, int size, int unturned = 0, bool isLarge = false)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
        return new OpCase(
            "Rotary", $"{Describe(lengths)}, {heads} heads of {size}{(unturned > 0 ? $", {unturned} unturned" : "")}",
            [Input("x", offsets.TokenCount, heads * size + unturned)],
            (tape, v) => v[0].Rotary(
                tape.Device.TemporaryIndices(offsets.Positions), TinyLM.Rotary.CreateTable(tape.Device, offsets.LongestDocument, size, RotaryBase), heads),
            x => Reference.Rotary(x[0], offsets.Positions, heads, size, RotaryBase),
            (_, dy) => [Reference.Rotary(dy, offsets.Positions, heads, size, RotaryBase, inverse: true)])
        {
            IsLarge = isLarge,
        };
    }

    private static IEnumerable<OpCase> Attentions() =>
    [
        Attention([1], 1, 1, 5), Attention([1, 1, 1], 2, 1, 8), Attention([33], 2, 2, 16), Attention([17], 1, 1, 32),
        Attention([20, 13], 3, 1, 5), Attention([7, 1, 18, 66, 2], 2, 1, 8), Attention([1, 34, 9, 1], 4, 2, 16), Attention([5, 40], 3, 3, 8),
        Attention([90, 1, 60, 33, 7], 6, 3, 24, isLarge: true),
    ];

    private static OpCase Attention(int[] lengths, int heads, int keyValueHeads, int size, bool isLarge = false)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
        var shape = new AttentionShape(heads, keyValueHeads, size);
        return new OpCase(
            "Attention", $"{Describe(lengths)}, {heads}/{keyValueHeads} heads of {size}", [Input("qkv", offsets.TokenCount, shape.TotalWidth)],
            (_, v) => v[0].Attention(offsets, shape),
            x => Reference.Attention(x[0], offsets, shape),
            (x, dy) => Reference.AttentionGradient(x[0], offsets, shape, dy))
        {
            IsLarge = isLarge,
        };
    }

    private static IEnumerable<OpCase> CrossEntropies() =>
    [
        CrossEntropy(1, 1), CrossEntropy(1, 17), CrossEntropy(5, 33), CrossEntropy(65, 2), CrossEntropy(9, 300),
        CrossEntropy(3, 17, untargeted: true), CrossEntropy(100, 120, isLarge: true),
        CrossEntropy(5, 33, new CrossEntropyOptions(ZLoss: 0.1f)), CrossEntropy(9, 70, new CrossEntropyOptions(Softcap: 2)),
        CrossEntropy(7, 17, new CrossEntropyOptions(0.2f, 1.5f)),
        .. from sum in new[] { false, true }
           from @case in new[]
           {
               LinearCrossEntropy(1, 2, 3, default, sum), LinearCrossEntropy(9, 17, 33, default, sum), LinearCrossEntropy(70, 8, 40, default, sum),
               LinearCrossEntropy(6, 33, 17, new CrossEntropyOptions(0.2f, 1.5f), sum), LinearCrossEntropy(100, 60, 120, default, sum, isLarge: true),
           }
           select @case,
    ];

    internal static OpCase CrossEntropy(
        int tokens, int vocabulary, CrossEntropyOptions options = default, bool untargeted = false, bool isLarge = false, ulong draw = 2)
    {
        int[] targets = Indices(tokens, TinyLM.CrossEntropy.NoTarget, untargeted ? 0 : vocabulary, draw);
        return new OpCase(
            "CrossEntropy", $"{tokens}x{vocabulary}{(untargeted ? " no target" : "")}{Describe(options)}", [Input("logits", tokens, vocabulary)],
            (tape, v) => v[0].CrossEntropy(tape.Device.TemporaryIndices(targets), options),
            x => Reference.CrossEntropy(x[0], targets, options),
            (x, dy) => Reference.CrossEntropyGradient(x[0], targets, dy, options))
        {
            IsLarge = isLarge,
        };
    }

    /// <summary>The head's product and the loss in one; the sum of the losses computes its gradients in the forward pass.</summary>
    internal static OpCase LinearCrossEntropy(
        int tokens, int width, int vocabulary, CrossEntropyOptions options, bool sum, bool isLarge = false, ulong draw = 2)
    {
        const float scale = 0.25f;
        int[] targets = Indices(tokens, TinyLM.CrossEntropy.NoTarget, vocabulary, draw);
        return new OpCase(
            sum ? "LinearCrossEntropySum" : "LinearCrossEntropy", $"{tokens}x{width} to {vocabulary}{Describe(options)}",
            [Input("x", tokens, width), Input("weight", vocabulary, width)],
            (tape, v) => sum
                ? v[0].LinearCrossEntropySum(v[1], tape.Device.TemporaryIndices(targets), scale, options)
                : v[0].LinearCrossEntropy(v[1], tape.Device.TemporaryIndices(targets), options),
            x => sum ? Reference.Sum(Losses(x), scale) : Losses(x),
            (x, dy) => Reference.LinearCrossEntropyGradient(x[0], x[1], targets, sum ? new Matrix(tokens, 1).Map(_ => scale * dy[0, 0]) : dy, options))
        {
            IsLarge = isLarge,
        };

        Matrix Losses(Matrix[] x) => Reference.CrossEntropy(Reference.Product(x[0], false, x[1], true), targets, options);
    }

    private static string Describe(CrossEntropyOptions options) =>
        options == default ? "" : FormattableString.Invariant($" z-loss {options.ZLoss} softcap {options.Softcap}");

    private static IEnumerable<OpCase> Sums() => [Sum(1, 1), Sum(1, 17), Sum(17, 1), Sum(9, 33), Sum(300, 60)];

    internal static OpCase Sum(int rows, int columns) => new(
        "Sum", $"{rows}x{columns}", [Input("x", rows, columns, Draw.Positive)],
        (_, v) => v[0].Sum(0.75f),
        x => Reference.Sum(x[0], 0.75),
        (x, dy) => Reference.SumGradient(x[0], 0.75, dy))
    {
        IsLarge = IsLarge(rows, columns),
    };

    /// <summary>Indices in [smallest, end), the last one smallest.</summary>
    internal static int[] Indices(int count, int smallest, int end, ulong draw)
    {
        var random = new Philox(seed: draw, Philox.Purpose("indices"));
        int[] indices = [.. Enumerable.Range(0, count).Select(i => smallest + (int)(random.Uniform((ulong)i) * (end - smallest)))];
        if (count > 1)
        {
            indices[^1] = smallest;
        }

        return indices;
    }

    internal static string Describe(int[] lengths) => string.Join("+", lengths);
}
