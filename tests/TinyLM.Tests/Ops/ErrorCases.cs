namespace TinyLM.Tests;

/// <summary>Wrong shapes and wrong indices, and what the op must say: itself, what it saw, what it expected.</summary>
public static class ErrorCases
{
    public static IReadOnlyList<ErrorCase> All { get; } =
    [
        new("Add", "of two shapes", "Add: b is a tensor [3, 4], expected [3, 5], the shape of a tensor [3, 5], or 1 in place of a size on either side.", tape => New(tape, 3, 5).Apply<Add>(New(tape, 3, 4))),
        new("SwiGlu", "of two shapes", "SwiGlu: b is up [2, 5], expected [3, 5]", tape => New(tape, 3, 5).Apply<SwiGlu>(New(tape, 2, 5, "up"))),
        new("Linear", "of another inner size", "share no inner size: 5 against 4", tape => New(tape, 3, 5).Linear(New(tape, 7, 4))),
        new("Linear", "of a bias too short", "bias is [1, 6], expected [1, 7]", tape => New(tape, 3, 5).Linear(New(tape, 7, 5), New(tape, 1, 6))),
        new("Linear", "of a wrong residual", "residual is [3, 5], expected [3, 7]",
            tape => New(tape, 3, 5).Linear(New(tape, 7, 5), default, New(tape, 3, 5))),
        new("RmsNorm", "of a gain too short", "RmsNorm: gain is gain [1, 23], expected [1, 24].", tape => New(tape, 5, 24).RmsNorm(New(tape, 1, 23, "gain"))),
        new("LayerNorm", "of a gain too long", "LayerNorm: gain is a tensor [1, 25], expected [1, 24].",
            tape => New(tape, 5, 24).LayerNorm(New(tape, 1, 25))),
        new("LayerNorm", "of a bias of two rows", "LayerNorm: bias is a tensor [2, 24], expected [1, 24].",
            tape => New(tape, 5, 24).LayerNorm(New(tape, 1, 24), New(tape, 2, 24))),
        new("Embedding", "of an id too large", "Embedding: id 7 is outside 0 … 6.", tape => New(tape, 7, 4).Embedding(Indices(tape, 0, 7, 1))),
        new("Embedding", "of a negative id", "Embedding: id -1 is outside 0 … 6.", tape => New(tape, 7, 4).Embedding(Indices(tape, 0, -1, 1))),
        new("Rotary", "of an odd head size", "Rotary: 5 columns of a head turn, expected 2 or a multiple of it", tape => Rotary.CreateTable(tape.Device, 4, 5, 100)),
        new("Rotary", "of too many heads", "3 heads of 4 need 12 columns", tape => New(tape, 2, 8).Rotary(Indices(tape, 0, 1), Table(tape), 3)),
        new("Rotary", "of too few positions", "Rotary: 1 positions, expected 2", tape => New(tape, 2, 8).Rotary(Indices(tape, 0), Table(tape), 2)),
        new("Rotary", "of a position past the table", "Rotary: position 4 is outside 0 … 3.",
            tape => New(tape, 2, 8).Rotary(Indices(tape, 0, 4), Table(tape), 2)),
        new("Attention", "of wrong columns", "attention: qkv has 20 columns, expected 24",
            tape => New(tape, 6, 20).Attention(DocumentOffsets.OneDocument(6), new AttentionShape(2, 2, 4))),
        new("Attention", "of rows past the offsets", "attention: qkv has 6 rows, expected 5",
            tape => New(tape, 6, 24).Attention(DocumentOffsets.OneDocument(5), new AttentionShape(2, 2, 4))),
        new("Attention", "of unequal groups", "3 query heads are not a multiple of 2 key/value heads",
            tape => New(tape, 6, 28).Attention(DocumentOffsets.OneDocument(6), new AttentionShape(3, 2, 4))),
        new("CrossEntropy", "of a target too large", "CrossEntropy: target 9 is outside -1 … 8.", tape => New(tape, 2, 9).CrossEntropy(Indices(tape, 0, 9))),
        new("CrossEntropy", "of a target below none", "CrossEntropy: target -2 is outside -1 … 8.",
            tape => New(tape, 2, 9).CrossEntropy(Indices(tape, -2, 0))),
        new("CrossEntropy", "of too few targets", "CrossEntropy: 1 targets, expected 2", tape => New(tape, 2, 9).CrossEntropy(Indices(tape, 0))),
        new("Backward", "of a matrix", "the loss is a tensor [3, 5], expected [1, 1]", tape => tape.Backward(New(tape, 3, 5))),
        new("Backward", "of another shape of gradient", "Backward: the gradient is a tensor [3, 4], expected [3, 5]",
            tape => tape.Backward(New(tape, 3, 5).Apply<Silu>(), tape.Allocate(3, 4))),
        new("ColumnSums", "of a result too short", "ColumnSums: y is a tensor [1, 4], expected [1, 5].",
            tape => ColumnSums.Forward(tape.Allocate(3, 5), tape.Allocate(1, 4), accumulate: false)),
        new("AdamW", "of moments of another shape", "AdamW: second is a tensor [1, 7], expected [1, 8].",
            tape => AdamW.Step(tape.Allocate(1, 8), tape.Allocate(1, 8), tape.Allocate(1, 8), tape.Allocate(1, 7), new AdamWRule(), 1, 0.1, 0, 1)),
        new("Add", "of rows that do not broadcast", "Add: b is a tensor [2, 5], expected [3, 5]", tape => _ = New(tape, 3, 5) + New(tape, 2, 5)),
        new("Reduce", "of nothing", "Reduce: a tensor [0, 5] has no elements.", tape => New(tape, 0, 5).Reduce(ReductionKind.Max, Axis.Row)),
        new("ReduceByDocument", "of rows past the offsets", "Reduce: x is a tensor [6, 3], expected [5, 3].",
            tape => New(tape, 6, 3).ReduceByDocument(ReductionKind.Sum, DocumentOffsets.OneDocument(5))),
        new("Reshape", "to another length", "Reshape: [2, 7] has 14 elements, expected 15", tape => New(tape, 3, 5).Reshape(2, 7)),
        new("RowRange", "past the end", "RowRange: rows 2 to 4 lie outside", tape => New(tape, 3, 5).RowRange(2, 2)),
        new("ColumnRange", "past the end", "ColumnRange: columns 4 to 6 of source lie outside", tape => New(tape, 3, 5).ColumnRange(4, 3)),
        new("AppendRows", "of other columns", "AppendRows: b is a tensor [3, 4], expected [3, 5].", tape => New(tape, 3, 5).AppendRows(New(tape, 3, 4))),
        new("AppendColumns", "of other rows", "AppendColumns: b is a tensor [2, 5], expected [3, 5].", tape => New(tape, 3, 5).AppendColumns(New(tape, 2, 5))),
        new("ScatterRows", "to a row that is not there", "id 3 is outside 0 … 2", tape => New(tape, 2, 5).ScatterRows(Indices(tape, 0, 3), 3)),
        new("PlaceColumns", "over one another", "PlaceColumns: a part from column 4 on, expected at least 5, where the part before it ends.",
            tape => New(tape, 3, 5).PlaceColumns(0, 9, New(tape, 3, 2), 4)),
        new("PlaceColumns", "past the end", "ColumnRange: columns 5 to 9 of target lie outside", tape => New(tape, 3, 5).PlaceColumns(5, 9)),
        new("MergeRows", "to a row that is not there", "RowCopy: target row 3 is outside 0 … 2", tape => New(tape, 2, 5).MergeRows(
            Indices(tape, 0, 1), Indices(tape, 0, 3), tape.Allocate(1, 5), Indices(tape, 0), Indices(tape, 1))),
        new("Dropout", "of everything", "Dropout: the probability is 1, expected 0 or more and less than 1.", tape => New(tape, 3, 5).Dropout(1, new Philox(0, 0), 0)),
        new("SegmentMatMul", "of too few matrices", "SegmentMatMul: w is a tensor [3, 4], expected [2 documents times the outputs, 4]",
            tape => New(tape, 6, 4).SegmentMatMul(New(tape, 3, 4), DocumentOffsets.FromLengths(3, 3))),
        new("TopK", "of more than there are", "TopK: k is 6, expected 1 … 5",
            tape => TopK.Select(tape.Allocate(3, 5), tape.Allocate(3, 6), tape.Device.TemporaryIndices(18, 5))),
        new("CrossEntropy", "of a negative cap", "a softcap of -1; expected 0 or more", tape => New(tape, 2, 9).CrossEntropy(Indices(tape, 0, 1), new CrossEntropyOptions(0, -1))),
        new("LinearCrossEntropy", "of another width", "LinearCrossEntropy: weight is a tensor [9, 4], expected [9, 5].",
            tape => New(tape, 2, 5).LinearCrossEntropy(New(tape, 9, 4), Indices(tape, 0, 1))),
        new("Rotary", "of a scale of 0", "Rotary: positions are divided by 0,", tape => Rotary.CreateTable(tape.Device, 4, 4, 100, scale: 0)),
        new("Rotary", "of heads smaller than the table", "Rotary: a head has 3 columns, of which 4, those of the table, cannot turn.",
            tape => New(tape, 2, 8).Rotary(Indices(tape, 0, 1), Table(tape), 2, headSize: 3)),
        new("RmsNorm", "of too many heads", "RmsNorm: 3 heads of 8 columns do not fit in x, a tensor [5, 20].",
            tape => New(tape, 5, 20).RmsNorm(headCount: 3, headSize: 8)),
        new("RmsNorm", "of heads without columns", "RmsNorm: 3 heads of 0 columns do not fit", tape => New(tape, 5, 20).RmsNorm(headCount: 3)),
        new("RmsNorm", "of a gain longer than a head", "RmsNorm: gain is a tensor [1, 20], expected [1, 8].",
            tape => New(tape, 5, 20).RmsNorm(New(tape, 1, 20), headCount: 2, headSize: 8)),
        new("LayerNorm", "of too many heads", "LayerNorm: 3 heads of 8 columns do not fit in x, a tensor [5, 20].",
            tape => New(tape, 5, 20).LayerNorm(headCount: 3, headSize: 8)),
        new("Attention", "of a negative window", "attention: a window of -1 tokens, expected at least 1, or 0 for all.",
            tape => New(tape, 6, 24).Attention(DocumentOffsets.OneDocument(6), new AttentionShape(2, 2, 4, Window: -1))),
        new("Attention", "of a negative cap", "attention: scores capped at -5, expected a positive cap, or 0 for none.",
            tape => New(tape, 6, 24).Attention(DocumentOffsets.OneDocument(6), new AttentionShape(2, 2, 4, Softcap: -5))),
        new("Attention", "of a negative scale", "attention: a score scale of -2, expected a positive one, or 0",
            tape => New(tape, 6, 24).Attention(DocumentOffsets.OneDocument(6), new AttentionShape(2, 2, 4, ScoreScale: -2))),
        new("AttentionTail", "of queries that do not fit the tails", "attention: q is [5, 8], expected [4, 8].",
            tape => Tail(tape, queries: 5, [4], [6])),
        new("AttentionTail", "of other documents", "attention: queries of 1 documents, expected 2, those of the keys.",
            tape => Tail(tape, queries: 4, [4], [3, 3])),
        new("AttentionTail", "of a tail longer than its document", "attention: document 1 has 3 queries, expected at most 2, its tokens.",
            tape => Tail(tape, queries: 4, [1, 3], [4, 2])),
        new("Sgd", "without its momentum", "Sgd: momentum is none, expected [1, 8], as the rule's momentum is not 0.",
            tape => Sgd.Step(tape.Allocate(1, 8), tape.Allocate(1, 8), default, new SgdRule(), 0.1, 0, 1)),
        new("Muon", "of momentum of another shape", "Muon: momentum is a tensor [8, 3], expected [3, 8].",
            tape => Muon.Step(tape.Allocate(3, 8), tape.Allocate(3, 8), tape.Allocate(8, 3), default, new MuonRule(), 1, 0.1, 0, 1)),
        new("Muon", "without its variance", "Muon: variance is none, expected [1, 8].",
            tape => Muon.Step(tape.Allocate(3, 8), tape.Allocate(3, 8), tape.Allocate(3, 8), default, MuonConfig.Slowrun.Rule, 1, 0.1, 0, 1)),
        new("NewtonSchulz", "of a transposed result", "NewtonSchulz: y is a tensor [8, 3], expected [3, 8].",
            tape => NewtonSchulz.Orthogonalize(tape.Allocate(3, 8), tape.Allocate(8, 3), NewtonSchulzRule.Jordan)),
        new("BFloat16", "of two shapes", "BFloat16: a bfloat16 tensor [3, 4], expected [3, 5], the shape of a tensor [3, 5].",
            tape => BFloat16.Round(tape.Allocate(3, 5), tape.Device.TemporaryBFloat16(3, 4))),
        new("MatMul", "by bfloat16 of another inner size", "a [3, 5] and b [7, 4] (transposed) share no inner size: 5 against 4",
            tape => MatMul.Multiply(tape.Allocate(3, 5), tape.Device.TemporaryBFloat16(7, 4), true, tape.Allocate(3, 7))),
        new("Linear", "of another master", "Linear: master is a tensor [7, 4], expected [7, 5].",
            tape => New(tape, 3, 5).Linear(tape.Device.TemporaryBFloat16(7, 5), New(tape, 7, 4))),
        new("Linear Gelu", "of another inner size", "share no inner size: 5 against 4", tape => New(tape, 3, 5).Linear<Gelu>(New(tape, 7, 4))),
        new("Linear Gelu", "of a bias too short", "bias is [1, 6], expected [1, 7]", tape => New(tape, 3, 5).Linear<Gelu>(New(tape, 7, 5), New(tape, 1, 6))),
        new("Linear Gelu", "of another master", "Linear: master is a tensor [7, 4], expected [7, 5].",
            tape => New(tape, 3, 5).Linear<Gelu>(tape.Device.TemporaryBFloat16(7, 5), New(tape, 7, 4))),
        new("MatMul", "with sums of another shape", "MatMul: sums is [3, 5], expected [3, 7], the shape of c.",
            tape => MatMul.MultiplyAndApply<Gelu>(tape.Allocate(3, 5), false, tape.Allocate(7, 5), true, tape.Allocate(3, 7), sums: tape.Allocate(3, 5))),
        new("MatMul", "with sums in the place of the result", "MatMul: c [3, 7] shares its memory with sums", tape =>
        {
            Tensor c = tape.Allocate(3, 7);
            MatMul.MultiplyAndApply<Gelu>(tape.Allocate(3, 5), false, tape.Allocate(7, 5), true, c, sums: c);
        }),
        new("Embedding", "of an id past a bfloat16 table", "Embedding: id 7 is outside 0 … 6.",
            tape => New(tape, 7, 4).Embedding(tape.Device.TemporaryBFloat16(7, 4), Indices(tape, 7))),
    ];

    private static Variable New(Tape tape, int rows, int columns, string? name = null) => tape.Input(tape.Device.Temporary(rows, columns, name));

    private static IndexTensor Indices(Tape tape, params int[] values) => tape.Device.TemporaryIndices(values);

    private static Variable Tail(Tape tape, int queries, int[] tails, int[] lengths)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
        return New(tape, queries, 8).AttentionTail(
            DocumentOffsets.FromLengths(tails), New(tape, offsets.TokenCount, 16), offsets, new AttentionShape(2, 2, 4));
    }

    private static Tensor Table(Tape tape) => Rotary.CreateTable(tape.Device, 4, 4, 100);
}
