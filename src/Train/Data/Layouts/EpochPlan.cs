using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>
/// One pass over documents, cut into steps. Holds where each step's tokens are, not the tokens: 4 bytes a document for the order, 8 more for
/// where each begins and 4 a row (packed rows); or 12 bytes a piece where documents stay whole (up to 28 while they are made).
/// </summary>
internal abstract class EpochPlan(TokenizedDocuments documents, BatchLayout layout)
{
    private static readonly ulong DocumentPurpose = Philox.Purpose("data.documents");
    private static readonly ulong RowPurpose = Philox.Purpose("data.rows");
    private static readonly ulong OffsetPurpose = Philox.Purpose("data.offset");

    private readonly List<Segment> _segments = [];

    public abstract int StepCount { get; }

    protected TokenizedDocuments Source => documents;

    protected BatchLayout Layout => layout;

    /// <summary>What a step consists of, until the next call.</summary>
    public ReadOnlySpan<Segment> Segments(int step)
    {
        _segments.Clear();
        Collect(step, _segments);
        return CollectionsMarshal.AsSpan(_segments);
    }

    /// <summary>Writes a step's tokens and their targets into <paramref name="batch"/>, over what it held.</summary>
    public void Fill(int step, TokenBatch batch)
    {
        batch.Clear();
        foreach (var (document, start, length, beginsAnew) in Segments(step))
        {
            batch.Append(length, beginsAnew, out Span<int> ids, out Span<int> targets);
            documents.CopyTo(document, start, ids);
            TargetBuilder.Fill(documents, document, start, layout.ScoreEnd, targets);
        }

        batch.Complete();
    }

    /// <summary>The documents in their own order, nothing dropped.</summary>
    public static EpochPlan InOrder(TokenizedDocuments documents, BatchLayout layout) =>
        Create(documents, layout, WithTargets(documents, layout), new PlanOrder(0, count => [.. Enumerable.Range(0, count)], KeepsTail: true));

    /// <summary>The documents and rows of one epoch, in an order drawn from (seed, epoch).</summary>
    public static EpochPlan Shuffled(TokenizedDocuments documents, BatchLayout layout, ShuffleKind shuffle, ulong seed, long epoch)
    {
        int[] order = WithTargets(documents, layout);
        ulong counter = (ulong)epoch << 32;
        double offset = 0;
        if (shuffle == ShuffleKind.Documents)
        {
            new Philox(seed, DocumentPurpose).Shuffle<int>(order, counter);

            // One running text has no order to permute: only where the cuts fall can differ.
            offset = order.Length == 1 ? new Philox(seed, OffsetPurpose).Uniform((ulong)epoch) : 0;
        }

        return Create(documents, layout, order, new PlanOrder(offset, count => new Philox(seed, RowPurpose).Permutation(count, counter), KeepsTail: false));
    }

    /// <summary>Adds what a step consists of.</summary>
    protected abstract void Collect(int step, List<Segment> segments);

    /// <summary>How many steps so many rows make; those that fill none are dropped, unless there is no other or the tail is kept.</summary>
    protected int StepsOf(int rows, PlanOrder order) =>
        order.KeepsTail || rows < layout.RowsPerStep ? (rows + layout.RowsPerStep - 1) / layout.RowsPerStep : rows / layout.RowsPerStep;

    private static EpochPlan Create(TokenizedDocuments documents, BatchLayout layout, int[] documentOrder, PlanOrder order) => layout.Kind switch
    {
        LayoutKind.Documents => new DocumentsPlan(documents, layout, documentOrder, order),
        LayoutKind.Unpacked => new UnpackedPlan(documents, layout, documentOrder, order),
        LayoutKind.BestFit => new BestFitPlan(documents, layout, documentOrder, order),
        _ => new RowsPlan(documents, layout, documentOrder, order),
    };

    /// <summary>The documents that have a target. The others would make rows in which there is nothing to predict.</summary>
    private static int[] WithTargets(TokenizedDocuments documents, BatchLayout layout)
    {
        var indices = new int[documents.Count];
        int count = 0;
        for (int document = 0; document < documents.Count; document++)
        {
            if (TargetBuilder.CountTargets(documents.LengthOf(document), layout.ScoreEnd) > 0)
            {
                indices[count++] = document;
            }
        }

        Array.Resize(ref indices, count);
        return indices;
    }
}
