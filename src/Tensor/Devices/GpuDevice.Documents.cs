namespace TinyLM;

public sealed unsafe partial class GpuDevice
{
    private DocumentOffsets? _startsOf;
    private int _startsStep;
    private IndexTensor _starts;
    private (DocumentOffsets Queries, DocumentOffsets Keys)? _boundsOf;
    private int _boundsStep;
    private AttentionBounds _bounds;
    private int[] _hostIndices = [];

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

    private AttentionBounds WholeBounds(DocumentOffsets offsets) => new()
    {
        Starts = StepIndices(offsets, offsets, offsets, static (_, keys, document) => keys.Starts[document]),
        RowEnds = StepIndices(offsets, offsets, offsets, static (_, keys, document) => keys.Starts[document + 1]),
    };

    private AttentionBounds TailBounds(DocumentOffsets queries, DocumentOffsets keys) => new()
    {
        Tokens = StepIndices(queries, queries, keys, static (queries, keys, document) => keys.Starts[document + 1] - queries.LengthOf(document), rise: 1),
        Starts = StepIndices(queries, queries, keys, static (_, keys, document) => keys.Starts[document]),
        Rows = StepIndices(keys, queries, keys, static (queries, keys, document) => queries.Starts[document + 1] - keys.LengthOf(document), rise: 1),
        FirstRows = StepIndices(keys, queries, keys, static (queries, _, document) => queries.Starts[document]),
        RowEnds = StepIndices(keys, queries, keys, static (queries, _, document) => queries.Starts[document + 1]),
    };

    /// <summary>An index for each token of <paramref name="documents"/>: a document's first one is given, those after it rise by <paramref name="rise"/>.</summary>
    private IndexTensor StepIndices(
        DocumentOffsets documents, DocumentOffsets queries, DocumentOffsets keys, Func<DocumentOffsets, DocumentOffsets, int, int> first, int rise = 0)
    {
        if (_hostIndices.Length < documents.TokenCount)
        {
            _hostIndices = new int[documents.TokenCount];
        }

        for (int document = 0; document < documents.DocumentCount; document++)
        {
            int index = first(queries, keys, document);
            for (int token = documents.Starts[document]; token < documents.Starts[document + 1]; token++, index += rise)
            {
                _hostIndices[token] = index;
            }
        }

        return StepIndices(_hostIndices.AsSpan(0, documents.TokenCount));
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
