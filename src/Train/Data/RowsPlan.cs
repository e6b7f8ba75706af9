namespace TinyLM;

/// <summary>The documents concatenated and cut into rows of one length; the rows are dealt in a permuted order.</summary>
internal sealed class RowsPlan : EpochPlan
{
    private readonly int[] _documents;

    /// <summary>[documents + 1]: where each document begins in the concatenated stream.</summary>
    private readonly long[] _starts;

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
        _starts = new long[order.Length + 1];
        for (int i = 0; i < order.Length; i++)
        {
            _starts[i + 1] = _starts[i] + documents.LengthOf(order[i]);
        }

        // At least one row stays whole.
        int length = layout.ContextLength;
        long slack = Math.Clamp(_starts[^1] - length + 1, 1, length);
        _offset = (int)(offset * slack);
        _rowsPerStep = layout.TokensPerStep / length;
        long tokens = _starts[^1] - _offset;
        int rows = checked((int)(tokens / length));
        if (tokens % length > 0 && (keepTail || rows == 0))
        {
            rows++;
        }

        _order = permutation(rows);
        StepCount = keepTail || rows < _rowsPerStep ? (rows + _rowsPerStep - 1) / _rowsPerStep : rows / _rowsPerStep;
    }

    public override int StepCount { get; }

    protected override void Append(int step, TokenBatch batch)
    {
        int first = step * _rowsPerStep, count = Math.Min(_rowsPerStep, _order.Length - first);
        for (int i = 0; i < count; i++)
        {
            var (start, length) = Row(first + i);
            AppendRow(batch, start, length);
        }
    }

    private (long Start, int Length) Row(int index)
    {
        long start = _offset + (long)_order[index] * Layout.ContextLength;
        return (start, (int)Math.Min(Layout.ContextLength, _starts[^1] - start));
    }

    /// <summary>Appends a row, document by document; attention begins anew where the layout says so.</summary>
    private void AppendRow(TokenBatch batch, long start, int rowLength)
    {
        int index = Array.BinarySearch(_starts, start);
        index = index < 0 ? ~index - 1 : index;
        for (int done = 0; done < rowLength; index++)
        {
            int within = (int)(start + done - _starts[index]);
            int length = (int)Math.Min(rowLength - done, _starts[index + 1] - _starts[index] - within);
            Append(batch, _documents[index], within, length, beginsDocument: done == 0 || Layout.Kind == LayoutKind.Chunked);
            done += length;
        }
    }
}
