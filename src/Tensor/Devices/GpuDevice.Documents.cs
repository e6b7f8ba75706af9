namespace TinyLM;

public sealed unsafe partial class GpuDevice
{
    private DocumentOffsets? _startsOf;
    private int _startsStep;
    private IndexTensor _starts;
    private (DocumentOffsets Queries, DocumentOffsets Keys)? _boundsOf;
    private int _boundsStep;
    private AttentionBounds _bounds;

    /// <summary>[documents + 1]: the offsets themselves. Uploaded once a step.</summary>
    internal IndexTensor DocumentStarts(DocumentOffsets offsets)
    {
        if (!ReferenceEquals(_startsOf, offsets) || _startsStep != Arena.Step)
        {
            _starts = StepIndices(offsets.Starts);
            (_startsOf, _startsStep) = (offsets, Arena.Step);
        }

        return _starts;
    }

    /// <summary>Which rows see which tokens. Uploaded once a step for the same offsets, as all layers share them.</summary>
    /// <param name="queries">The tail of each document that has queries; where all have, the same object as <paramref name="keys"/>.</param>
    /// <param name="keys">The documents.</param>
    internal AttentionBounds AttentionBoundsOf(DocumentOffsets queries, DocumentOffsets keys)
    {
        bool known = _boundsStep == Arena.Step && _boundsOf is { } of && ReferenceEquals(of.Queries, queries) && ReferenceEquals(of.Keys, keys);
        if (!known)
        {
            _bounds = ReferenceEquals(queries, keys) ? WholeBounds(keys) : TailBounds(queries, keys);
            (_boundsOf, _boundsStep) = ((queries, keys), Arena.Step);
        }

        return _bounds;
    }

    /// <summary>Indices that live to the end of the step, also where a scope of the arena is open.</summary>
    private IndexTensor StepIndices(ReadOnlySpan<int> values)
    {
        IndexTensor indices = TemporaryIndices(values);
        Arena.KeepForStep(indices.Address);
        return indices;
    }

    private AttentionBounds WholeBounds(DocumentOffsets offsets)
    {
        var starts = new int[offsets.TokenCount];
        var ends = new int[offsets.TokenCount];
        for (int document = 0; document < offsets.DocumentCount; document++)
        {
            int start = offsets.Starts[document];
            int length = offsets.LengthOf(document);
            Array.Fill(starts, start, start, length);
            Array.Fill(ends, start + length, start, length);
        }

        return new AttentionBounds { Starts = StepIndices(starts), RowEnds = StepIndices(ends) };
    }

    private AttentionBounds TailBounds(DocumentOffsets queries, DocumentOffsets keys)
    {
        var tokens = new int[queries.TokenCount];
        var starts = new int[queries.TokenCount];
        var rows = new int[keys.TokenCount];
        var firstRows = new int[keys.TokenCount];
        var rowEnds = new int[keys.TokenCount];
        for (int document = 0; document < keys.DocumentCount; document++)
        {
            int start = keys.Starts[document];
            int length = keys.LengthOf(document);
            int firstRow = queries.Starts[document];
            int rowEnd = queries.Starts[document + 1];
            int shift = start + length - rowEnd;
            Array.Fill(starts, start, firstRow, rowEnd - firstRow);
            Array.Fill(firstRows, firstRow, start, length);
            Array.Fill(rowEnds, rowEnd, start, length);
            for (int row = firstRow; row < rowEnd; row++)
            {
                tokens[row] = row + shift;
            }

            for (int token = start; token < start + length; token++)
            {
                rows[token] = token - shift;
            }
        }

        return new AttentionBounds
        {
            Tokens = StepIndices(tokens),
            Starts = StepIndices(starts),
            Rows = StepIndices(rows),
            FirstRows = StepIndices(firstRows),
            RowEnds = StepIndices(rowEnds),
        };
    }
}

/// <summary>The bounds of a row's keys and of a token's rows.</summary>
internal readonly struct AttentionBounds
{
    /// <summary>[queries]: the token of a row; none where row and token are one.</summary>
    public IndexTensor Tokens { get; init; }

    /// <summary>[queries]: the first token of a row's document.</summary>
    public IndexTensor Starts { get; init; }

    /// <summary>[tokens]: the row of a token, or where it would be, before its document's first; none where row and token are one.</summary>
    public IndexTensor Rows { get; init; }

    /// <summary>[tokens]: the first row of a token's document; none where row and token are one.</summary>
    public IndexTensor FirstRows { get; init; }

    /// <summary>[tokens]: the row after the last one of a token's document.</summary>
    public IndexTensor RowEnds { get; init; }
}
