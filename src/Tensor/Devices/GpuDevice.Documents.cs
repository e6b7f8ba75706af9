namespace TinyLM;

public sealed unsafe partial class GpuDevice
{
    private DocumentOffsets? _startsOf;
    private int _startsStep;
    private IndexTensor _starts;
    private DocumentOffsets? _boundsOf;
    private int _boundsStep;
    private (IndexTensor Starts, IndexTensor Ends) _bounds;

    /// <summary>[documents + 1]: the offsets themselves. Uploaded once a step.</summary>
    internal IndexTensor DocumentStarts(DocumentOffsets offsets)
    {
        if (!ReferenceEquals(_startsOf, offsets) || _startsStep != Arena.Step)
        {
            _starts = TemporaryIndices(offsets.Starts);
            (_startsOf, _startsStep) = (offsets, Arena.Step);
        }

        return _starts;
    }

    /// <summary>
    /// [tokens] each: where the document of a token begins, and where it ends (exclusively). Uploaded once a step for the same
    /// offsets, as all layers share them.
    /// </summary>
    internal (IndexTensor Starts, IndexTensor Ends) DocumentBounds(DocumentOffsets offsets)
    {
        if (!ReferenceEquals(_boundsOf, offsets) || _boundsStep != Arena.Step)
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

            _bounds = (TemporaryIndices(starts), TemporaryIndices(ends));
            (_boundsOf, _boundsStep) = (offsets, Arena.Step);
        }

        return _bounds;
    }
}
