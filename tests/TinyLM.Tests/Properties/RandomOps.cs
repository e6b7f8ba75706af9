using CsCheck;
using static TinyLM.Tests.Properties.Draws;

namespace TinyLM.Tests.Properties;

/// <summary>Every differentiable op, each in one line: what is random about it.</summary>
internal static class RandomOps
{
    private static readonly Func<(int Rows, int Columns), OpCase>[] Unaries = [.. OpCases.UnaryFormulas];
    private static readonly Func<(int Rows, int Columns), (int Rows, int Columns), OpCase>[] Binaries = [.. OpCases.BinaryFormulas];

    public static IReadOnlyList<RandomOp> All { get; } =
    [
        new("Linear", 120, most => Gen.Select(Size(most), Size(most), Size(most), Gen.Bool, Gen.Bool, (rows, inputs, outputs, bias, residual) =>
            OpCases.Linear(rows, inputs, outputs, bias, residual))),
        new("SegmentMatMul", 80, most => Gen.Select(Lengths(most), Size(most / 2), Size(most / 2), (lengths, inputs, outputs) =>
            OpCases.SegmentMatMul(lengths, inputs, outputs))),
        new("Attention", 100, most => Gen.Select(Lengths(most), Heads(3, most / 3, most), (lengths, heads) => OpCases.Attention(lengths, heads))),
        new("Attention in long documents", 6, most => Gen.Select(Size(7 * most, 4 * most), Heads(1, 8, 6 * most), (length, heads) =>
            OpCases.Attention([length, 3], heads))),
        new("AttentionTail", 100, most =>
            from lengths in Lengths(most)
            from tails in Tails(lengths)
            from heads in Heads(3, most / 3, most)
            select OpCases.AttentionTail(lengths, tails, heads)),
        new("Rotary", 60, most => Gen.Select(Lengths(most), Gen.Int[1, 4], Gen.Int[1, most / 6], Gen.Int[0, 20], (lengths, heads, half, unturned) =>
            OpCases.Rotary(lengths, heads, 2 * half, unturned))),
        new("Rotary of a part", 60, most =>
            from size in Gen.Int[2, most / 3]
            from half in Gen.Int[1, size / 2]
            from other in Gen.Select(Lengths(most), Gen.Int[1, 4], Gen.Int[1, 8], Gen.Int[0, 20])
            select OpCases.PartialRotary(other.Item1, other.Item2, size, 2 * half, other.Item3 / 2.0, other.Item4)),
        new("RmsNorm", 60, most => Gen.Select(Size(most), Size(most), Gen.Bool, (rows, columns, gain) =>
            OpCases.RmsNorm(rows, columns, EpsilonFor(columns), gain))),
        new("LayerNorm", 60, most => Gen.Select(Size(most), Size(most), Gen.Int[0, 2], (rows, columns, operands) =>
            OpCases.LayerNorm(rows, columns, EpsilonFor(columns), gain: operands > 0, bias: operands > 1))),
        new("Norms of heads", 100, most =>
            Gen.Select(
                Gen.OneOf("RmsNorm", "LayerNorm", "LayerNorm with bias"), Size(most), Gen.Int[1, 5], Size(most / 3), Gen.Int[0, 40], Gen.Bool,
                (norm, rows, heads, size, others, gain) => OpCases.HeadNorm(norm, rows, heads, size, others, gain || norm == "LayerNorm with bias", EpsilonFor(size)))),
        new("Embedding", 60, most => Gen.Select(Size(most), Size(most), Size(most), Values, (entries, columns, tokens, ids) =>
            Named(OpCases.Embedding(entries, columns, tokens, draw: ids), ids))),
        new("ScatterRows", 60, most => Gen.Select(Size(most), Size(most), Size(most), Values, (tokens, columns, rows, ids) =>
            Named(OpCases.Scatter(tokens, columns, rows, ids), ids))),
        new("PlaceColumns", 40, most => Gen.Select(Size(most), Size(most), Gen.Int[0, 20], Gen.Int[0, 20], Gen.Int[0, 20], (rows, columns, gap, second, third) =>
            OpCases.PlaceColumns(rows, columns, gap, second, second > 0 ? third : 0))),
        new("MergeRows", 40, most => Gen.Select(Size(most), Size(most), Gen.Int[0, 20], Gen.Int[0, 100], Values, (rows, columns, others, share, order) =>
            Named(OpCases.MergeRows(rows, Math.Max(1, rows * share / 100), columns, others, order), order))),
        new("CrossEntropy", 80, most => Gen.Select(Size(most), Size(2 * most), LossOptions, Values, (tokens, vocabulary, options, ids) =>
            Named(OpCases.CrossEntropy(tokens, vocabulary, options, draw: ids), ids))),
        new("LinearCrossEntropy", 60, most => Gen.Select(Size(most), Size(most / 2), Size(most), LossOptions, Gen.Bool, Values, (tokens, width, vocabulary, options, sum, ids) =>
            Named(OpCases.LinearCrossEntropy(tokens, width, vocabulary, options, sum, draw: ids), ids))),
        new("Reduce", 120, most => Gen.Select(Gen.Enum<ReductionKind>(), Gen.Enum<Axis>(), Size(most), Size(most), OpCases.Reduce)),
        new("ReduceByDocument", 80, most => Gen.Select(Gen.Enum<ReductionKind>(), Lengths(most), Size(most), OpCases.ReduceByDocument)),
        new("Sum", 20, most => Gen.Select(Size(most), Size(most), OpCases.Sum)),
        new("Softmax", 60, most => Gen.Select(Gen.Bool, Size(most), Size(2 * most), OpCases.Softmax)),
        new("Reshape", 20, most => Gen.Select(Size(most), Size(most), OpCases.Reshape)),
        new("RowRange, ColumnRange", 60, most => Gen.Select(Part(most), Part(most), (rows, columns) =>
            OpCases.Range(rows.Whole, columns.Whole, rows.First, rows.Count, columns.First, columns.Count))),
        new("AppendRows, AppendColumns", 60, most => Gen.Select(Size(most), Size(most), Size(most), OpCases.Append)),
        new("Dropout", 60, most => Gen.Select(Size(most), Size(most), Gen.Int[0, 19], (rows, columns, parts) => OpCases.Dropout(rows, columns, parts / 20.0))),
        new("Formulas of one operand", 150, most => Gen.Select(Gen.Int[0, Unaries.Length - 1], Size(most), Size(most), (formula, rows, columns) =>
            Unaries[formula]((rows, columns)))),
        new("Formulas of two operands", 150, most =>
            Gen.Select(Gen.Int[0, Binaries.Length - 1], Size(most), Size(most), Gen.Int[0, 3], Gen.Int[0, 3], (formula, rows, columns, a, b) =>
                Binaries[formula](Broadcast(rows, columns, a), Broadcast(rows, columns, b)))),
    ];

    /// <summary>The last tokens of each document: at least one.</summary>
    public static Gen<int[]> Tails(int[] lengths) =>
        Gen.Int[0, 999].Array[lengths.Length].Select(parts => lengths.Zip(parts, (length, part) => 1 + part * length / 1000).ToArray());

    /// <summary>Few columns are all but determined by their norm, so that the gradient nearly cancels; a large ε keeps what is left above float32's rounding.</summary>
    private static float EpsilonFor(int columns) => columns < 8 ? OpCases.OneColumnEpsilon : OpCases.Epsilon;

    private static OpCase Named(OpCase @case, ulong ids) => @case with { Case = $"{@case.Case}, ids {ids}" };

    private static Gen<(int Whole, int First, int Count)> Part(int most) =>
        from whole in Size(most)
        from first in Gen.Int[0, whole - 1]
        from count in Gen.Int[1, whole - first]
        select (whole, first, count);

    /// <summary>A whole operand, a row, a column or a single value.</summary>
    private static (int Rows, int Columns) Broadcast(int rows, int columns, int which) => ((which & 1) != 0 ? 1 : rows, (which & 2) != 0 ? 1 : columns);
}
