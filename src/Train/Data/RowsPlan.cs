namespace TinyLM;

/// <summary>The documents concatenated and cut into rows of one length; the rows are dealt in a permuted order.</summary>
internal sealed class RowsPlan : EpochPlan
{
    private readonly int[] _documents;

    /// <summary>[documents + 1]: where each document begins in the concatenated stream.</summary>
    private readonly int[] _starts;

    private readonly int[] _order;
    private readonly int _offset;
    private readonly int _rowsPerStep;

    /// <param name="documents">The documents.</param>
    /// <param name="layout">Their layout.</param>
    /// <param name="order">Which documents, in which order.</param>
    /// <param name="offset">In [0, 1): where in the stream's first context the first row begins.</param>
    /// <param name="permutation">The order of a number of rows.</param>
    /// <param name="keepTail">Whether tokens that fill no row, and rows that fill no step, are kept.</param>
    public RowsPlan(
        TokenizedDocuments documents, BatchLayout layout, int[] order, double offset, Func<int, int[]> permutation, bool keepTail)
        : base(documents, layout)
    {
        _documents = order;
        _starts = new int[order.Length + 1];
        for (int i = 0; i < order.Length; i++)
        {
            _starts[i + 1] = _starts[i] + documents.LengthOf(order[i]);
        }

        // At least one row stays whole.
        int length = layout.ContextLength, slack = Math.Clamp(_starts[^1] - length + 1, 1, length);
        _offset = (int)(offset * slack);
        _rowsPerStep = layout.TokensPerStep / length;
        int tokens = _starts[^1] - _offset, rows = tokens / length;
        if (tokens % length > 0 && (keepTail || rows == 0))
        {
            rows++;
        }

        _order = permutation(rows);
        StepCount = keepTail || rows < _rowsPerStep ? (rows + _rowsPerStep - 1) / _rowsPerStep : rows / _rowsPerStep;
    }

    public override int StepCount { get; }

    public override TokenBatch Batch(int step)
    {
        int first = step * _rowsPerStep, count = Math.Min(_rowsPerStep, _order.Length - first);
        int tokens = 0;
        for (int i = 0; i < count; i++)
        {
            tokens += Row(first + i).Length;
        }

        int[] ids = new int[tokens], targets = new int[tokens];
        var starts = new List<int>();
        int written = 0;
        for (int i = 0; i < count; i++)
        {
            var (start, length) = Row(first + i);
            CopyRow(start, ids.AsSpan(written, length), targets.AsSpan(written, length), written, starts);
            written += length;
        }

        starts.Add(tokens);
        return new TokenBatch(ids, targets, new DocumentOffsets(starts.ToArray()));
    }

    private (int Start, int Length) Row(int index)
    {
        int start = _offset + _order[index] * Layout.ContextLength;
        return (start, Math.Min(Layout.ContextLength, _starts[^1] - start));
    }

    /// <summary>Copies a row, document by document, and notes in <paramref name="starts"/> where attention begins anew.</summary>
    private void CopyRow(int start, Span<int> ids, Span<int> targets, int written, List<int> starts)
    {
        int index = Array.BinarySearch(_starts, start);
        index = index < 0 ? ~index - 1 : index;
        for (int done = 0; done < ids.Length; index++)
        {
            int within = start + done - _starts[index];
            int length = Math.Min(ids.Length - done, _starts[index + 1] - _starts[index] - within);
            Copy(_documents[index], within, ids.Slice(done, length), targets.Slice(done, length));
            if (done == 0 || Layout.Kind == LayoutKind.Chunked)
            {
                starts.Add(written + done);
            }

            done += length;
        }
    }
}
