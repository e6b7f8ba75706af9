using static TinyLM.Peers.Libtorch;

namespace TinyLM.Peers;

/// <content>Ops that know tokens and documents: rotary positions, attention, losses.</content>
internal static partial class PeerCases
{
    private const double RotaryBase = 100;

    private static int[][] Streams => [[1], [1, 1, 1], [33], [20, 13], [7, 1, 18, 66, 2], [1, 34, 9, 1]];

    private static IEnumerable<OpCase> Stream() =>
    [
        Rotary([7, 1, 5], heads: 2, size: 8, rotarySize: 8), Rotary([66], 1, 6, 6), Rotary([3, 30, 2], 3, 16, 16, others: 5), Rotary([34, 1], 1, 48, 36, scale: 2.5),
        Rotary([3, 8], 2, 24, 8, scale: 0.5, others: 11),
        .. from lengths in Streams
           from shape in AttentionShapes
           select Attention(lengths, shape),
        Attention([90, 1, 60, 33, 7], new AttentionShape(6, 3, 24)), Attention([12, 5], new AttentionShape(2, 2, 128)),
        .. from shape in AttentionShapes
           from @case in new[] { AttentionTail([40, 3, 9], [1, 3, 2], shape), AttentionTail([66, 20, 1], [20, 1, 1], shape) }
           select @case,
        .. from options in new[] { default, new CrossEntropyOptions(ZLoss: 0.1f), new CrossEntropyOptions(Softcap: 2), new CrossEntropyOptions(0.2f, 1.5f) }
           from shape in new (int Tokens, int Width, int Vocabulary)[] { (5, 8, 33), (65, 17, 40), (40, 24, 300) }
           from @case in Losses(shape.Tokens, shape.Width, shape.Vocabulary, options)
           select @case,
    ];

    private static AttentionShape[] AttentionShapes =>
    [
        new(1, 1, 5), new(2, 1, 8), new(4, 2, 16), new(3, 3, 32), new(2, 1, 8, Window: 2), new(2, 2, 16, Window: 12), new(2, 1, 8, Softcap: 1.5f),
        new(3, 3, 16, ScoreScale: 0.5f), new(4, 2, 16, Window: 9, Softcap: 2, ScoreScale: 0.4f),
    ];

    private static OpCase Rotary(int[] lengths, int heads, int size, int rotarySize, double scale = 1, int others = 0)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
        return Case(
            "Rotary", $"{Describe(lengths)}, {heads} heads of {size}, {rotarySize} turn, scale {scale}, {others} others",
            [Input("x", offsets.TokenCount, heads * size + others)],
            (tape, v) => v[0].Rotary(
                tape.Device.TemporaryIndices(offsets.Positions),
                TinyLM.Rotary.CreateTable(tape.Device, offsets.LongestDocument, rotarySize, RotaryBase, scale), heads, size),
            t => TorchOps.Rotary(t[0], offsets, heads, size, rotarySize, RotaryBase, scale));
    }

    private static OpCase Attention(int[] lengths, AttentionShape shape)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
        long keysAndValues = 2 * shape.KeyValueWidth;
        return Case(
            "Attention", $"{Describe(lengths)}, {OpCases.Describe(shape)}", [Input("qkv", offsets.TokenCount, shape.TotalWidth)],
            (_, v) => v[0].Attention(offsets, shape),
            t => TorchOps.Attention(
                t[0].narrow(1, 0, shape.QueryWidth), t[0].narrow(1, shape.QueryWidth, keysAndValues), TorchOps.Sight(offsets, shape.Window), shape));
    }

    private static OpCase AttentionTail(int[] lengths, int[] tails, AttentionShape shape)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths), queries = DocumentOffsets.FromLengths(tails);
        IEnumerable<int> rows = tails.SelectMany((tail, document) => Enumerable.Range(offsets.Starts[document + 1] - tail, tail));
        return Case(
            "AttentionTail", $"{Describe(tails)} of {Describe(lengths)}, {OpCases.Describe(shape)}",
            [Input("q", queries.TokenCount, shape.QueryWidth), Input("kv", offsets.TokenCount, 2 * shape.KeyValueWidth)],
            (_, v) => v[0].AttentionTail(queries, v[1], offsets, shape),
            t => TorchOps.Attention(t[0], t[1], TorchOps.Sight(offsets, shape.Window).index_select(0, Indices(rows)), shape));
    }

    /// <summary>Of logits, of a head's input and weight, and the sum of the latter; some tokens have no target.</summary>
    private static IEnumerable<OpCase> Losses(int tokens, int width, int vocabulary, CrossEntropyOptions options)
    {
        const float scale = 0.25f;
        int[] targets = RandomIndices(tokens, TargetBuilder.None, vocabulary);
        string described = options == default ? "" : FormattableString.Invariant($" z-loss {options.ZLoss} softcap {options.Softcap}");
        OpInput x = Input("x", tokens, width), weight = Input("weight", vocabulary, width);
        yield return Case(
            "CrossEntropy", $"{tokens}x{vocabulary}{described}", [Input("logits", tokens, vocabulary)],
            (tape, v) => v[0].CrossEntropy(tape.Device.TemporaryIndices(targets), options),
            t => TorchOps.CrossEntropy(t[0], targets, options));
        yield return Case(
            "LinearCrossEntropy", $"{tokens}x{width} to {vocabulary}{described}", [x, weight],
            (tape, v) => v[0].LinearCrossEntropy(v[1], tape.Device.TemporaryIndices(targets), options),
            t => TorchOps.CrossEntropy(F.linear(t[0], t[1]), targets, options));
        yield return Case(
            "LinearCrossEntropySum", $"{tokens}x{width} to {vocabulary}{described}", [x, weight],
            (tape, v) => v[0].LinearCrossEntropySum(v[1], tape.Device.TemporaryIndices(targets), scale, options),
            t => scale * TorchOps.CrossEntropy(F.linear(t[0], t[1]), targets, options).sum().reshape(1, 1));
    }
}
