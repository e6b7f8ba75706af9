namespace TinyLM;

/// <summary>One pass over documents, cut into steps. Holds where each step's tokens are, not the tokens.</summary>
internal abstract class EpochPlan
{
    private static readonly ulong DocumentPurpose = Philox.Purpose("data.documents");
    private static readonly ulong RowPurpose = Philox.Purpose("data.rows");
    private static readonly ulong OffsetPurpose = Philox.Purpose("data.offset");

    protected EpochPlan(TokenizedDocuments documents, BatchLayout layout)
    {
        (Source, Layout) = (documents, layout);
    }

    public abstract int StepCount { get; }

    protected TokenizedDocuments Source { get; }

    protected BatchLayout Layout { get; }

    /// <summary>Writes a step's tokens into <paramref name="batch"/>, over what it held.</summary>
    public void Fill(int step, TokenBatch batch)
    {
        batch.Clear();
        Append(step, batch);
        batch.Complete();
    }

    /// <summary>The documents in their own order, nothing dropped.</summary>
    public static EpochPlan InOrder(TokenizedDocuments documents, BatchLayout layout)
    {
        int[] order = WithTargets(documents, layout);
        return layout.Kind == LayoutKind.Documents
            ? new DocumentsPlan(documents, layout, order, 0, Identity, keepTail: true)
            : new RowsPlan(documents, layout, order, 0, Identity, keepTail: true);
    }

    /// <summary>The documents and rows of one epoch, in an order drawn from (seed, epoch).</summary>
    public static EpochPlan Shuffled(TokenizedDocuments documents, BatchLayout layout, ulong seed, long epoch)
    {
        int[] order = WithTargets(documents, layout);
        int[] permutation = Permutation(DocumentPurpose, order.Length);
        int[] shuffled = Array.ConvertAll(permutation, index => order[index]);

        // One running text has no order to permute: only where the cuts fall can differ.
        double offset = order.Length == 1 ? new Philox(seed, OffsetPurpose).Uniform((ulong)epoch) : 0;
        return layout.Kind == LayoutKind.Documents
            ? new DocumentsPlan(documents, layout, shuffled, offset, count => Permutation(RowPurpose, count), keepTail: false)
            : new RowsPlan(documents, layout, shuffled, offset, count => Permutation(RowPurpose, count), keepTail: false);

        int[] Permutation(ulong purpose, int count) => new Philox(seed, purpose).Permutation(count, (ulong)epoch << 32);
    }

    /// <summary>The documents that have a target. The others would make rows in which there is nothing to predict.</summary>
    private static int[] WithTargets(TokenizedDocuments documents, BatchLayout layout)
    {
        var indices = new List<int>(documents.Count);
        for (int document = 0; document < documents.Count; document++)
        {
            if (TargetBuilder.CountTargets(documents.LengthOf(document), layout.ScoreEnd) > 0)
            {
                indices.Add(document);
            }
        }

        return [.. indices];
    }

    private static int[] Identity(int count)
    {
        var order = new int[count];
        for (int i = 0; i < count; i++)
        {
            order[i] = i;
        }

        return order;
    }

    protected abstract void Append(int step, TokenBatch batch);

    /// <summary>Appends tokens of a document and their targets.</summary>
    protected void Append(TokenBatch batch, int document, int start, int length, bool beginsDocument)
    {
        batch.Append(length, beginsDocument, out Span<int> ids, out Span<int> targets);
        Source.CopyTo(document, start, ids);
        TargetBuilder.Fill(Source, document, start, Layout.ScoreEnd, targets);
    }
}
