namespace TinyLM;

/// <summary>What a layout costs, measured over the first epoch of a corpus.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="StepCount">Steps of the epoch.</param>
/// <param name="TokenCount">Tokens that the epoch shows.</param>
/// <param name="DroppedShare">Tokens of the corpus that it does not show, as a share of all.</param>
/// <param name="CutShare">Tokens that do not see their document's beginning, as a share of those shown.</param>
/// <param name="AttentionShare">Pairs of tokens of which one sees the other, as a share of those in full rows of as many tokens
/// (<see cref="LayoutKind.Packed"/>).</param>
public sealed record LayoutCosts(
    BatchLayout Layout, int StepCount, long TokenCount, double DroppedShare, double CutShare, double AttentionShare)
{
    /// <summary>Lays out the first epoch; no token is read.</summary>
    public static LayoutCosts Measure(TokenizedDocuments documents, BatchLayout layout, ShuffleKind shuffle, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(layout);
        EpochPlan plan = EpochPlan.Shuffled(documents, layout, shuffle, seed, 0);
        long tokens = 0, cut = 0;
        double pairs = 0;
        for (int step = 0; step < plan.StepCount; step++)
        {
            long seen = 0;
            Segment last = default;
            bool isCut = false;
            foreach (Segment segment in plan.Segments(step))
            {
                seen = segment.BeginsAnew ? 0 : seen;
                bool goesOn = seen > 0 && segment.Document == last.Document && segment.Start == last.Start + last.Length;
                isCut = goesOn ? isCut : segment.Start > 0;
                last = segment;
                pairs += segment.Length * (seen + (segment.Length + 1) / 2.0);
                seen += segment.Length;
                tokens += segment.Length;
                cut += isCut ? segment.Length : 0;
            }
        }

        return new LayoutCosts(
            layout, plan.StepCount, tokens, Share(documents.TokenCount - tokens, documents.TokenCount), Share(cut, tokens),
            Share(pairs, tokens * (layout.ContextLength + 1) / 2.0));
    }

    /// <summary>One line for a person.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"layout {EnumName.Of(Layout.Kind)}: {StepCount:N0} steps an epoch; {CutShare:P1} of the tokens do not see their document's beginning, {DroppedShare:P1} are dropped, attention works {AttentionShare:P1} of what full rows of {Layout.ContextLength} would take");

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}
