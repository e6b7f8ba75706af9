namespace TinyLM;

/// <summary>
/// How a step's batch is made from documents; <see cref="DocumentShuffler"/> and <see cref="InOrder"/> deal such batches.
/// </summary>
public sealed record BatchLayout
{
    /// <param name="kind">The kind.</param>
    /// <param name="contextLength">The most tokens that see one another.</param>
    /// <param name="tokensPerStep">The most tokens of a batch; what is no whole row is left out.</param>
    /// <param name="scoreEnd">Whether a document's end is a target.</param>
    /// <exception cref="UserException">The context is shorter than 2, or a step shorter than the context.</exception>
    public BatchLayout(LayoutKind kind, int contextLength, int tokensPerStep, bool scoreEnd = false)
    {
        if (contextLength < 2)
        {
            throw new UserException($"{EnumName.Of(kind)} layout: the context is {contextLength} tokens long, expected at least 2: one "
                + "to see and one to predict.");
        }

        if (tokensPerStep < contextLength)
        {
            throw new UserException($"{EnumName.Of(kind)} layout: {tokensPerStep} tokens a step, expected at least {contextLength}, the "
                + "length of the context.");
        }

        (Kind, ContextLength, RowsPerStep, ScoreEnd) = (kind, contextLength, tokensPerStep / contextLength, scoreEnd);
        TokensPerStep = kind == LayoutKind.Documents ? tokensPerStep : RowsPerStep * contextLength;
    }

    public LayoutKind Kind { get; }

    /// <summary>The most tokens that see one another: a row's length, or where longer documents are cut. At least 2.</summary>
    public int ContextLength { get; }

    /// <summary>The most tokens a batch has. One of packed rows is full, unless the corpus is smaller.</summary>
    public int TokensPerStep { get; }

    /// <summary>Rows, or samples, of a batch. <see cref="LayoutKind.Documents"/> takes what fits instead.</summary>
    public int RowsPerStep { get; }

    /// <summary>Whether a document's end (the next BOS) is a target; needed where the model is to generate documents that end.</summary>
    public bool ScoreEnd { get; }

    /// <summary>
    /// All batches of <paramref name="documents"/>, for validation: nothing is shuffled and no target is dropped; the last batch, and the
    /// last row, may be shorter. Documents come in their order, but for <see cref="LayoutKind.BestFit"/>.
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
}
