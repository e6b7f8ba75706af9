namespace TinyLM.Tests;

/// <content>Reductions, softmax, what moves rows and columns, dropout, a matrix a document.</content>
public static partial class OpCases
{
    private static IEnumerable<OpCase> Reductions() =>
    [
        .. from kind in Enum.GetValues<ReductionKind>()
           from shape in new (int Rows, int Columns)[] { (1, 1), (1, 17), (33, 1), (9, 33), (150, 70) }
           from axis in Enum.GetValues<Axis>()
           select Reduce(kind, axis, shape.Rows, shape.Columns),
        .. from kind in Enum.GetValues<ReductionKind>()
           from lengths in new[] { new[] { 1 }, [7, 1, 5], [66], [1, 1, 1], [40, 30, 90] }
           select ReduceByDocument(kind, lengths, columns: lengths.Length == 1 ? 17 : lengths[0] == 40 ? 100 : 33),
        .. from logarithm in new[] { false, true }
           from shape in new (int Rows, int Columns)[] { (1, 2), (5, 17), (65, 3), (9, 70), (90, 100) }
           select Softmax(logarithm, shape.Rows, shape.Columns),
    ];

    internal static OpCase Reduce(ReductionKind kind, Axis axis, int rows, int columns)
    {
        DocumentOffsets offsets = DocumentOffsets.OneDocument(axis == Axis.Column ? rows : axis == Axis.Row ? columns : rows * columns);
        return new OpCase(
            "Reduce", $"{kind} by {axis} of {rows}x{columns}", [Input("x", rows, columns, Draw.Positive)],
            (_, v) => v[0].Reduce(kind, axis),
            x => Turned(Reference.Reduce(kind, Laid(x[0]), offsets)),
            (x, dy) => [.. Reference.ReduceGradient(kind, Laid(x[0]), offsets, Turned(dy)).Select(gradient => axis == Axis.All ? new Matrix(rows, columns, gradient.Values) : Turned(gradient))])
        {
            IsLarge = IsLarge(rows, columns),
        };

        // The reference reduces columns: rows are turned, and a whole matrix becomes one column.
        Matrix Laid(Matrix x) => axis == Axis.All ? new Matrix(rows * columns, 1, x.Values) : Turned(x);
        Matrix Turned(Matrix x) => axis == Axis.Row ? Reference.Transpose(x) : x;
    }

    internal static OpCase ReduceByDocument(ReductionKind kind, int[] lengths, int columns)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
        return new OpCase(
            "ReduceByDocument", $"{kind} of {Describe(lengths)}, {columns} columns", [Input("x", offsets.TokenCount, columns, Draw.Positive)],
            (_, v) => v[0].ReduceByDocument(kind, offsets),
            x => Reference.Reduce(kind, x[0], offsets),
            (x, dy) => Reference.ReduceGradient(kind, x[0], offsets, dy))
        {
            IsLarge = IsLarge(offsets.TokenCount, columns),
        };
    }

    internal static OpCase Softmax(bool logarithm, int rows, int columns) => new(
        logarithm ? "LogSoftmax" : "Softmax", $"{rows}x{columns}", [Input("x", rows, columns)],
        (_, v) => logarithm ? v[0].LogSoftmax() : v[0].Softmax(),
        x => Reference.Softmax(x[0], logarithm),
        (x, dy) => Reference.SoftmaxGradient(x[0], logarithm, dy))
    {
        IsLarge = IsLarge(rows, columns),
    };

    private static IEnumerable<OpCase> Moves() =>
    [
        .. Shapes.Select(shape => Reshape(shape.Rows, shape.Columns)),
        Range(1, 1, 0, 1, 0, 1), Range(9, 33, 2, 5, 17, 16), Range(70, 18, 60, 10, 3, 15), Range(5, 40, 0, 5, 3, 33), Range(120, 90, 17, 90, 20, 64),
        Append(1, 1, 1), Append(9, 17, 5), Append(3, 33, 70), Append(80, 60, 70),
        Scatter(tokens: 1, columns: 1, rows: 1), Scatter(20, 17, 7), Scatter(70, 33, 5), Scatter(40, 8, 90), Scatter(120, 100, 60),
        Dropout(1, 1, 0.5), Dropout(9, 33, 0), Dropout(5, 17, 0.1), Dropout(65, 33, 0.5), Dropout(100, 90, 0.25),
        SegmentMatMul([1], 1, 1), SegmentMatMul([5, 1, 20], 17, 4), SegmentMatMul([33], 16, 33), SegmentMatMul([1, 1, 1], 33, 8), SegmentMatMul([7, 18, 2, 40], 19, 21),
        SegmentMatMul([90, 1, 60, 33, 7], 70, 40, isLarge: true), SegmentMatMul([300, 30], 130, 120, isLarge: true),
        PlaceColumns(1, 1, 1, 0, 0), PlaceColumns(5, 17, 3, 8, 0), PlaceColumns(9, 33, 16, 17, 5), PlaceColumns(66, 20, 0, 40, 2), PlaceColumns(100, 40, 7, 30, 9),
        MergeRows(1, 1, 1, 1), MergeRows(9, 5, 17, 4), MergeRows(20, 20, 33, 0), MergeRows(70, 40, 8, 60), MergeRows(120, 110, 50, 90),
    ];

    /// <summary>Up to three parts: x of all columns, after a gap a second, and right beside it a third; a part of no columns is none.</summary>
    internal static OpCase PlaceColumns(int rows, int columns, int gap, int second, int third)
    {
        int secondStart = gap + columns + gap, thirdStart = secondStart + second, all = thirdStart + third + gap;
        OpInput[] parts = [Input("x", rows, columns), .. second > 0 ? [Input("second", rows, second)] : Array.Empty<OpInput>(), .. third > 0 ? [Input("third", rows, third)] : Array.Empty<OpInput>()];
        int[] starts = [gap, secondStart, thirdStart];
        return new OpCase(
            "PlaceColumns", $"{columns}+{second}+{third} of {all} columns, {rows} rows", parts,
            (_, v) => v[0].PlaceColumns(gap, all, second > 0 ? v[1] : default, secondStart, third > 0 ? v[2] : default, thirdStart),
            x => Reference.PlaceColumns(x, starts, all),
            (x, dy) => [.. x.Select((part, i) => Reference.ColumnRange(dy, starts[i], part.Columns))])
        {
            IsLarge = IsLarge(rows, all),
        };
    }

    /// <summary>Some rows of x, and some of a constant, in an order of their own.</summary>
    internal static OpCase MergeRows(int rows, int taken, int columns, int others, ulong draw = 2)
    {
        int[] order = Shuffled(taken + others, draw), from = Shuffled(rows, draw + 1)[..taken], otherRows = Indices(others, 0, OtherRows, draw + 2);
        int[] places = order[..taken], otherPlaces = order[taken..];
        return new OpCase(
            "MergeRows", $"{taken} of {rows} rows of {columns} and {others} others", [Input("x", rows, columns)],
            (tape, v) => v[0].MergeRows(
                tape.Device.TemporaryIndices(from), tape.Device.TemporaryIndices(places), Other(tape.Device, columns), tape.Device.TemporaryIndices(otherRows),
                tape.Device.TemporaryIndices(otherPlaces)),
            x => Reference.MergeRows(x[0], from, places, new Matrix(OtherRows, columns, OtherValues(columns)), otherRows, otherPlaces),
            (x, dy) => [Reference.EmbeddingGradient(x[0], from, Reference.Embedding(dy, places))[0]])
        {
            IsLarge = IsLarge(rows, columns),
        };
    }

    private const int OtherRows = 7;

    private static double[] OtherValues(int columns) => [.. Enumerable.Range(0, OtherRows * columns).Select(i => (i % 13 - 6) / 4.0)];

    private static Tensor Other(Device device, int columns)
    {
        Tensor other = device.Temporary(OtherRows, columns);
        other.CopyFrom([.. OtherValues(columns).Select(value => (float)value)]);
        return other;
    }

    private static int[] Shuffled(int count, ulong draw)
    {
        var random = new Philox(draw, Philox.Purpose("order"));
        return [.. Enumerable.Range(0, count).OrderBy(i => random.Uniform((ulong)i))];
    }

    internal static OpCase Reshape(int rows, int columns) => new(
        "Reshape", $"{rows}x{columns} to one row", [Input("x", rows, columns)],
        (_, v) => v[0].Reshape(1, rows * columns),
        x => new Matrix(1, x[0].Values.Length, x[0].Values),
        (x, dy) => [new Matrix(x[0].Rows, x[0].Columns, dy.Values)])
    {
        IsLarge = IsLarge(rows, columns),
    };

    internal static OpCase Range(int rows, int columns, int firstRow, int rowCount, int firstColumn, int columnCount) => new(
        "RowRange, ColumnRange", $"{rowCount}x{columnCount} of {rows}x{columns}", [Input("x", rows, columns)],
        (_, v) => v[0].RowRange(firstRow, rowCount).ColumnRange(firstColumn, columnCount),
        x => Reference.ColumnRange(Reference.RowRange(x[0], firstRow, rowCount), firstColumn, columnCount),
        (_, dy) => [Reference.RowRangeGradient(Reference.ColumnRangeGradient(dy, firstColumn, columns), firstRow, rows)])
    {
        IsLarge = IsLarge(rows, columns),
    };

    /// <summary>Both ways: b below a, and c beside the two.</summary>
    internal static OpCase Append(int rows, int columns, int more) => new(
        "AppendRows, AppendColumns", $"{rows}x{columns} and {more}", [Input("a", rows, columns), Input("b", more, columns), Input("c", rows + more, more)],
        (_, v) => v[0].AppendRows(v[1]).AppendColumns(v[2]),
        x => Reference.AppendColumns(Reference.AppendRows(x[0], x[1]), x[2]),
        (_, dy) =>
        [
            Reference.RowRange(Reference.ColumnRange(dy, 0, columns), 0, rows), Reference.RowRange(Reference.ColumnRange(dy, 0, columns), rows, more),
            Reference.ColumnRange(dy, columns, more),
        ])
    {
        IsLarge = IsLarge(rows, columns),
    };

    internal static OpCase Scatter(int tokens, int columns, int rows, ulong draw = 2)
    {
        int[] ids = Indices(tokens, 0, rows, draw);
        return new OpCase(
            "ScatterRows", $"{tokens} tokens of {columns} to {rows} rows", [Input("x", tokens, columns)],
            (tape, v) => v[0].ScatterRows(tape.Device.TemporaryIndices(ids), rows),
            x => Reference.EmbeddingGradient(new Matrix(rows, columns), ids, x[0])[0],
            (_, dy) => [Reference.Embedding(dy, ids)])
        {
            IsLarge = IsLarge(tokens, columns),
        };
    }

    internal static OpCase Dropout(int rows, int columns, double probability)
    {
        var random = new Philox(seed: 5, Philox.Purpose("dropout"));
        const ulong counter = 1UL << 33;
        return new OpCase(
            "Dropout", $"{rows}x{columns} of {probability}", [Input("x", rows, columns)],
            (_, v) => v[0].Dropout(probability, random, counter),
            x => Reference.Dropout(x[0], probability, random, counter),
            (_, dy) => [Reference.Dropout(dy, probability, random, counter)])
        {
            IsLarge = IsLarge(rows, columns),
        };
    }

    internal static OpCase SegmentMatMul(int[] lengths, int inputs, int outputs, bool isLarge = false)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
        return new OpCase(
            "SegmentMatMul", $"{Describe(lengths)}, {inputs} to {outputs}",
            [Input("x", offsets.TokenCount, inputs), Input("w", offsets.DocumentCount * outputs, inputs)],
            (_, v) => v[0].SegmentMatMul(v[1], offsets),
            x => Reference.SegmentMatMul(x[0], x[1], offsets),
            (x, dy) => Reference.SegmentMatMulGradient(x[0], x[1], offsets, dy))
        {
            IsLarge = isLarge,
        };
    }
}
