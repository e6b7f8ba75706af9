namespace TinyLM;

/// <summary>The documents concatenated and cut into rows of one length; the rows are dealt in a permuted order.</summary>
internal sealed class RowsPlan : EpochPlan
{
    private readonly int[] _documents;

    /// <summary>[documents + 1]: where each document begins in the concatenated stream.</summary>
    private readonly long[] _starts;

    private readonly int[] _rows;
    private readonly int _offset;

    /// <param name="documents">The documents.</param>
    /// <param name="layout">Their layout.</param>
    /// <param name="documentOrder">Which documents, in which order.</param>
    /// <param name="order">The order of the rows.</param>
    public RowsPlan(TokenizedDocuments documents, BatchLayout layout, int[] documentOrder, PlanOrder order)
        : base(documents, layout)
    {
        _documents = documentOrder;
        _starts = new long[documentOrder.Length + 1];
        for (int i = 0; i < documentOrder.Length; i++)
        {
            _starts[i + 1] = _starts[i] + documents.LengthOf(documentOrder[i]);
        }

        // At least one row stays whole.
        int length = layout.ContextLength;
        long slack = Math.Clamp(_starts[^1] - length + 1, 1, length);
        _offset = (int)(order.Offset * slack);
        long tokens = _starts[^1] - _offset;
        int rows = checked((int)(tokens / length));
        if (tokens % length > 0 && (order.KeepsTail || rows == 0))
        {
            rows++;
        }

        _rows = order.Of(rows);
        StepCount = StepsOf(rows, order);
    }

    public override int StepCount { get; }

    protected override void Collect(int step, List<Segment> segments)
    {
        int first = step * Layout.RowsPerStep;
        foreach (int row in _rows.AsSpan(first, Math.Min(Layout.RowsPerStep, _rows.Length - first)))
        {
            CollectRow(row, segments);
        }
    }

    /// <summary>Adds a row, document by document; attention begins anew where the layout says so.</summary>
    private void CollectRow(int row, List<Segment> segments)
    {
        long start = _offset + (long)row * Layout.ContextLength;
        int rowLength = (int)Math.Min(Layout.ContextLength, _starts[^1] - start);
        int index = Array.BinarySearch(_starts, start);
        index = index < 0 ? ~index - 1 : index;
        for (int done = 0; done < rowLength; index++)
        {
            int within = (int)(start + done - _starts[index]);
            int length = (int)Math.Min(rowLength - done, _starts[index + 1] - _starts[index] - within);
            segments.Add(new Segment(_documents[index], within, length, done == 0 || Layout.Kind == LayoutKind.PackedIsolated));
            done += length;
        }
    }
}
