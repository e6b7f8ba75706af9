namespace TinyLM;

/// <summary>
/// Whole documents, cut at the context limit only; the pieces are dealt in a permuted order, and a step takes as many as fit.
/// </summary>
internal sealed class DocumentsPlan : EpochPlan
{
    private readonly List<(int Document, int Start, int Length)> _pieces = [];
    private readonly int[] _order;

    /// <summary>[steps + 1]: the first piece of each step.</summary>
    private readonly List<int> _steps = [0];

    /// <param name="documents">The documents.</param>
    /// <param name="layout">Their layout.</param>
    /// <param name="order">Which documents, in which order.</param>
    /// <param name="offset">In [0, 1): how much shorter than the context each document's first piece is.</param>
    /// <param name="permutation">The order of a number of pieces.</param>
    /// <param name="keepTail">Whether the last pieces make a step even if they do not fill it.</param>
    public DocumentsPlan(
        TokenizedDocuments documents, BatchLayout layout, int[] order, double offset, Func<int, int[]> permutation, bool keepTail)
        : base(documents, layout)
    {
        foreach (int document in order)
        {
            Cut(document, layout.ContextLength - (int)(offset * layout.ContextLength));
        }

        _order = permutation(_pieces.Count);
        Group(keepTail);
    }

    public override int StepCount => _steps.Count - 1;

    protected override void Append(int step, TokenBatch batch)
    {
        for (int i = _steps[step]; i < _steps[step + 1]; i++)
        {
            var (document, start, length) = _pieces[_order[i]];
            Append(batch, document, start, length, beginsDocument: true);
        }
    }

    private void Cut(int document, int firstLength)
    {
        int tokens = Source.LengthOf(document);
        int targets = TargetBuilder.CountTargets(tokens, Layout.ScoreEnd);
        int limit = tokens <= Layout.ContextLength ? tokens : firstLength;

        // A last piece of one token without a target would only be context for nobody.
        for (int start = 0; start < targets; limit = Layout.ContextLength)
        {
            int length = Math.Min(limit, tokens - start);
            _pieces.Add((document, start, length));
            start += length;
        }
    }

    private void Group(bool keepTail)
    {
        int tokens = 0;
        for (int i = 0; i < _order.Length; i++)
        {
            int length = _pieces[_order[i]].Length;
            if (tokens + length > Layout.TokensPerStep)
            {
                _steps.Add(i);
                tokens = 0;
            }

            tokens += length;
        }

        // The last pieces fill no step: they are dropped, unless there is nothing else.
        if (_order.Length > 0 && (keepTail || _steps.Count == 1 || tokens == Layout.TokensPerStep))
        {
            _steps.Add(_order.Length);
        }
    }
}
