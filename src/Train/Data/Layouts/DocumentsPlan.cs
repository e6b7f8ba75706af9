namespace TinyLM;

/// <summary>Pieces in a permuted order; a step takes as many as fit.</summary>
internal sealed class DocumentsPlan : PiecesPlan
{
    private readonly int[] _order;

    /// <summary>[steps + 1]: the first piece of each step.</summary>
    private readonly List<int> _steps = [0];

    public DocumentsPlan(TokenizedDocuments documents, BatchLayout layout, int[] documentOrder, PlanOrder order)
        : base(documents, layout, documentOrder, order)
    {
        _order = order.Of(Pieces.Length);
        int tokens = 0;
        for (int i = 0; i < _order.Length; i++)
        {
            int length = LengthOf(Pieces[_order[i]]);
            if (tokens + length > layout.TokensPerStep)
            {
                _steps.Add(i);
                tokens = 0;
            }

            tokens += length;
        }

        // The last pieces fill no step: they are dropped, unless there is nothing else.
        if (_order.Length > 0 && (order.KeepsTail || _steps.Count == 1 || tokens == layout.TokensPerStep))
        {
            _steps.Add(_order.Length);
        }
    }

    public override int StepCount => _steps.Count - 1;

    protected override void Collect(int step, List<Segment> segments)
    {
        foreach (int piece in _order.AsSpan(_steps[step].._steps[step + 1]))
        {
            segments.Add(SegmentOf(Pieces[piece], beginsAnew: true));
        }
    }
}
