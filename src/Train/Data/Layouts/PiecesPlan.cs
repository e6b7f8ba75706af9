namespace TinyLM;

/// <summary>Documents that stay whole but for those longer than the context, which are cut there. No target is lost.</summary>
internal abstract class PiecesPlan : EpochPlan
{
    private readonly int _firstLength;

    /// <param name="documents">The documents.</param>
    /// <param name="layout">Their layout.</param>
    /// <param name="documentOrder">Which documents, in which order.</param>
    /// <param name="order">How much shorter the first piece of a cut document is.</param>
    protected PiecesPlan(TokenizedDocuments documents, BatchLayout layout, int[] documentOrder, PlanOrder order)
        : base(documents, layout)
    {
        _firstLength = layout.ContextLength - (int)(order.Offset * layout.ContextLength);
        var pieces = new List<Piece>(documentOrder.Length);
        foreach (int document in documentOrder)
        {
            // A last piece of one token without a target would only be context for nobody.
            int targets = TargetBuilder.CountTargets(documents.LengthOf(document), layout.ScoreEnd);
            for (int start = 0; start < targets; start += LengthOf(pieces[^1]))
            {
                pieces.Add(new Piece(document, start));
            }
        }

        Pieces = [.. pieces];
    }

    /// <summary>All pieces, in the order of the documents.</summary>
    protected Piece[] Pieces { get; }

    protected int LengthOf(Piece piece)
    {
        int tokens = Source.LengthOf(piece.Document);
        int limit = piece.Start == 0 && tokens > Layout.ContextLength ? _firstLength : Layout.ContextLength;
        return Math.Min(limit, tokens - piece.Start);
    }

    protected Segment SegmentOf(Piece piece, bool beginsAnew) => new(piece.Document, piece.Start, LengthOf(piece), beginsAnew);

    /// <summary>Where a piece begins: its document, and which token of it.</summary>
    protected readonly record struct Piece(int Document, int Start);
}
