namespace TinyLM;

/// <summary>
/// How a step's batch is made from documents; <see cref="DocumentShuffler"/> and <see cref="InOrder"/> deal such batches.
/// </summary>
public sealed record BatchLayout
{
    private BatchLayout(LayoutKind kind, int contextLength, int tokensPerStep, bool scoreEnd)
    {
        (Kind, ContextLength, TokensPerStep, ScoreEnd) = (kind, contextLength, tokensPerStep, scoreEnd);
    }

    public LayoutKind Kind { get; }

    /// <summary>The most tokens that see one another: a row's length, or where longer documents are cut. At least 2.</summary>
    public int ContextLength { get; }

    /// <summary>The most tokens a batch has. A packed or chunked batch has exactly so many, unless the corpus is smaller.</summary>
    public int TokensPerStep { get; }

    /// <summary>Whether a document's end (the next BOS) is a target; needed where the model is to generate documents that end.</summary>
    public bool ScoreEnd { get; }

    /// <summary>
    /// Whole documents, as many as fit in <paramref name="tokensPerStep"/>; a document longer than <paramref name="contextLength"/> is cut
    /// into pieces of that length. No target is lost.
    /// </summary>
    public static BatchLayout Documents(int contextLength, int tokensPerStep, bool scoreEnd = false) =>
        Create(LayoutKind.Documents, contextLength, tokensPerStep, scoreEnd);

    /// <summary><paramref name="rowCount"/> rows of <paramref name="rowLength"/> tokens, dense across documents.</summary>
    public static BatchLayout Packed(int rowLength, int rowCount, bool scoreEnd = false) =>
        Create(LayoutKind.Packed, rowLength, TokensOf(rowLength, rowCount), scoreEnd);

    /// <summary>As <see cref="Packed"/>, but documents in a row do not see one another.</summary>
    public static BatchLayout Chunked(int rowLength, int rowCount, bool scoreEnd = false) =>
        Create(LayoutKind.Chunked, rowLength, TokensOf(rowLength, rowCount), scoreEnd);

    /// <summary>
    /// All batches of <paramref name="documents"/> in their order, for validation: nothing is shuffled and no target is dropped;
    /// the last batch, and the last row, may be shorter.
    /// </summary>
    public IEnumerable<TokenBatch> InOrder(TokenizedDocuments documents)
    {
        EpochPlan plan = EpochPlan.InOrder(documents, this);
        for (int step = 0; step < plan.StepCount; step++)
        {
            var batch = new TokenBatch();
            plan.Fill(step, batch);
            if (batch.TargetCount > 0)
            {
                yield return batch;
            }
        }
    }

    private static BatchLayout Create(LayoutKind kind, int contextLength, int tokensPerStep, bool scoreEnd)
    {
        if (contextLength < 2)
        {
            throw new UserException($"{kind} layout: the context is {contextLength} tokens long, expected at least 2: one to see and "
                + "one to predict.");
        }

        return tokensPerStep >= contextLength
            ? new BatchLayout(kind, contextLength, tokensPerStep, scoreEnd)
            : throw new UserException($"{kind} layout: {tokensPerStep} tokens a step, expected at least {contextLength}, the length of "
                + "the context.");
    }

    private static int TokensOf(int rowLength, int rowCount)
    {
        long tokens = (long)rowLength * rowCount;
        return rowCount > 0 && tokens <= int.MaxValue
            ? (int)tokens
            : throw new UserException($"Packed layout: {rowCount} rows of {rowLength} tokens, expected at least one row and fewer than "
                + "2³¹ tokens.");
    }
}
