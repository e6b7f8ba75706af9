namespace TinyLM;

/// <summary>Pieces in a permuted order; a step takes as many as it has rows, however short they are.</summary>
internal sealed class UnpackedPlan : PiecesPlan
{
    private readonly int[] _order;

    public UnpackedPlan(TokenizedDocuments documents, BatchLayout layout, int[] documentOrder, PlanOrder order)
        : base(documents, layout, documentOrder, order)
    {
        _order = order.Of(Pieces.Length);
        StepCount = StepsOf(_order.Length, order);
    }

    public override int StepCount { get; }

    protected override void Collect(int step, List<Segment> segments)
    {
        int first = step * Layout.RowsPerStep;
        foreach (int piece in _order.AsSpan(first, Math.Min(Layout.RowsPerStep, _order.Length - first)))
        {
            segments.Add(SegmentOf(Pieces[piece], beginsAnew: true));
        }
    }
}
