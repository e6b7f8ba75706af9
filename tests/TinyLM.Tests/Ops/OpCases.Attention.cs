namespace TinyLM.Tests;

/// <content>What an attention layer may have beyond the plain one: windows, capped scores, tails of queries, norms of heads, partial rotary.</content>
public static partial class OpCases
{
    /// <summary>Heads of an attention with its options, in words.</summary>
    public static string Describe(AttentionShape shape) => $"{shape.QueryHeads}/{shape.KeyValueHeads} heads of {shape.HeadSize}"
        + (shape.Window > 0 ? $", window {shape.Window}" : "") + (shape.Softcap > 0 ? $", cap {shape.Softcap}" : "")
        + (shape.ScoreScale > 0 ? $", scale {shape.ScoreScale}" : "");

    private static IEnumerable<OpCase> AttentionOptions() => [.. AttentionShapes(), .. AttentionTails(), .. PartialRotaries(), .. HeadNorms()];

    private static IEnumerable<OpCase> AttentionShapes() =>
    [
        Attention([1], new AttentionShape(1, 1, 16, Window: 1)),
        Attention([5, 1, 3], new AttentionShape(2, 1, 8, Window: 1)),
        Attention([40, 7, 1], new AttentionShape(2, 2, 5, Window: 3)),
        Attention([70], new AttentionShape(2, 1, 16, Window: 33)),
        Attention([13, 34], new AttentionShape(4, 2, 16, Window: 500)),
        Attention([20, 1, 17], new AttentionShape(2, 1, 8, Softcap: 1.5f)),
        Attention([9, 36], new AttentionShape(2, 2, 7, Softcap: 20)),
        Attention([33, 2], new AttentionShape(3, 3, 16, ScoreScale: 0.5f)),
        Attention([1, 45, 6], new AttentionShape(4, 2, 16, Window: 12, Softcap: 2, ScoreScale: 0.4f)),
        Attention([18], new AttentionShape(1, 1, 64)),
        Attention([12, 5], new AttentionShape(2, 1, 96, Window: 4)),
        Attention([9, 3], new AttentionShape(2, 2, 128)),
        Attention([6, 11], new AttentionShape(1, 1, 127, Softcap: 3)),
        Attention([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], new AttentionShape(2, 1, 16, Window: 2)),
        Attention([300, 1, 90, 97], new AttentionShape(4, 2, 20, Window: 40), isLarge: true),
        Attention([1000, 481, 5], new AttentionShape(2, 1, 16, Window: 100, Softcap: 4), isLarge: true),
        Attention([1100], new AttentionShape(1, 1, 33, Window: 600), isLarge: true),
    ];

    internal static OpCase Attention(int[] lengths, AttentionShape shape, bool isLarge = false)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
        return new OpCase(
            "Attention", $"{Describe(lengths)}, {Describe(shape)}", [Input("qkv", offsets.TokenCount, shape.TotalWidth)],
            (_, v) => v[0].Attention(offsets, shape),
            x => Reference.Attention(x[0], offsets, shape),
            (x, dy) => Reference.AttentionGradient(x[0], offsets, shape, dy))
        {
            IsLarge = isLarge,
        };
    }

    private static IEnumerable<OpCase> AttentionTails() =>
    [
        AttentionTail([2], [1], new AttentionShape(1, 1, 5)),
        AttentionTail([17], [17], new AttentionShape(2, 1, 8)),
        AttentionTail([40, 3, 9], [1, 3, 2], new AttentionShape(2, 2, 16)),
        AttentionTail([5, 1, 50], [4, 1, 37], new AttentionShape(4, 2, 8)),
        AttentionTail([66, 20], [20, 1], new AttentionShape(2, 1, 16, Window: 9)),
        AttentionTail([30, 8], [13, 5], new AttentionShape(2, 1, 24, Window: 20, Softcap: 2, ScoreScale: 0.3f)),
        AttentionTail([300, 1, 200, 97], [160, 1, 5, 97], new AttentionShape(4, 2, 20), isLarge: true),
        AttentionTail([1300, 700], [515, 250], new AttentionShape(2, 1, 16, Window: 130, Softcap: 5), isLarge: true),
    ];

    internal static OpCase AttentionTail(int[] lengths, int[] tails, AttentionShape shape, bool isLarge = false)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths), queries = DocumentOffsets.FromLengths(tails);
        return new OpCase(
            "AttentionTail", $"{Describe(tails)} of {Describe(lengths)}, {Describe(shape)}",
            [Input("q", queries.TokenCount, shape.QueryWidth), Input("kv", offsets.TokenCount, 2 * shape.KeyValueWidth)],
            (_, v) => v[0].AttentionTail(queries, v[1], offsets, shape),
            x => Reference.AttentionTail(x[0], queries, x[1], offsets, shape),
            (x, dy) => Reference.AttentionTailGradient(x[0], queries, x[1], offsets, shape, dy))
        {
            IsLarge = isLarge,
        };
    }

    private static IEnumerable<OpCase> PartialRotaries() =>
    [
        PartialRotary([5, 2], heads: 2, size: 8, rotarySize: 4), PartialRotary([4], 3, 7, 2), PartialRotary([34, 1], 1, 48, 36, scale: 2.5),
        PartialRotary([6], 2, 16, 16, scale: 4), PartialRotary([3, 8], 2, 24, 8, scale: 0.5, unturned: 11),
        PartialRotary([60, 1, 70], 3, 16, 10, scale: 8, unturned: 5, isLarge: true),
    ];

    internal static OpCase PartialRotary(int[] lengths, int heads, int size, int rotarySize, double scale = 1, int unturned = 0, bool isLarge = false)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
        string rest = unturned > 0 ? $", {unturned} unturned" : "";
        return new OpCase(
            "Rotary", $"{Describe(lengths)}, {heads} heads of {size}, {rotarySize} turn, scale {scale}{rest}",
            [Input("x", offsets.TokenCount, heads * size + unturned)],
            (tape, v) => v[0].Rotary(
                tape.Device.TemporaryIndices(offsets.Positions),
                TinyLM.Rotary.CreateTable(tape.Device, offsets.LongestDocument, rotarySize, RotaryBase, scale), heads, size),
            x => Reference.Rotary(x[0], offsets.Positions, heads, size, RotaryBase, inverse: false, rotarySize, scale),
            (_, dy) => [Reference.Rotary(dy, offsets.Positions, heads, size, RotaryBase, inverse: true, rotarySize, scale)])
        {
            IsLarge = isLarge,
        };
    }

    private static IEnumerable<OpCase> HeadNorms() =>
        from shape in new (int Rows, int Heads, int Size, int Others)[]
        {
            (1, 1, 16, 0), (3, 2, 5, 0), (2, 3, 17, 33), (1, 2, 33, 1), (33, 2, 8, 8), (25, 4, 16, 17), (9, 1, 24, 40), (100, 5, 20, 40),
        }
        from gain in new[] { false, true }
        from norm in new[] { "RmsNorm", "LayerNorm", "LayerNorm with bias" }
        where gain || norm != "LayerNorm with bias"
        select HeadNorm(norm, shape.Rows, shape.Heads, shape.Size, shape.Others, gain);

    internal static OpCase HeadNorm(string norm, int rows, int heads, int size, int rest, bool gain, float epsilon = Epsilon)
    {
        bool bias = norm == "LayerNorm with bias", isRms = norm == "RmsNorm";
        return new OpCase(
            $"{(isRms ? "RmsNorm" : "LayerNorm")} of heads", $"{rows}x{heads} heads of {size} and {rest}{(gain ? " gain" : "")}{(bias ? " bias" : "")}",
            [
                Input("x", rows, heads * size + rest),
                .. gain ? [Input("gain", 1, size, Draw.Positive)] : Array.Empty<OpInput>(),
                .. bias ? [Input("bias", 1, size)] : Array.Empty<OpInput>(),
            ],
            (_, v) => isRms
                ? v[0].RmsNorm(gain ? v[1] : default, epsilon, heads, size)
                : v[0].LayerNorm(gain ? v[1] : default, bias ? v[2] : default, epsilon, heads, size),
            x => Reference.OfHeads(x[0], heads, size, part => isRms
                ? Reference.RmsNorm(part, gain ? x[1] : null, epsilon)
                : Reference.LayerNorm(part, gain ? x[1] : null, bias ? x[2] : null, epsilon)),
            (x, dy) => Reference.OfHeadsGradient(x[0], heads, size, dy, (part, gradient) => isRms
                ? Reference.RmsNormGradient(part, gain ? x[1] : null, epsilon, gradient)
                : Reference.LayerNormGradient(part, gain ? x[1] : null, epsilon, gradient)))
        {
            IsLarge = IsLarge(rows, heads * size + rest),
        };
    }
}
