namespace TinyLM;

/// <summary>One step's tokens: a flat stream of ids, what is to be predicted after each, and where the documents begin.</summary>
public sealed class TokenBatch
{
    /// <param name="ids">[tokens]: the input's token ids.</param>
    /// <param name="targets">[tokens]: the id to predict after each token, or <see cref="TargetBuilder.None"/>.</param>
    /// <param name="offsets">Where the documents, chunks or rows begin: what attention and positions go by.</param>
    /// <exception cref="ArgumentException">The three do not have the same number of tokens.</exception>
    public TokenBatch(int[] ids, int[] targets, DocumentOffsets offsets)
    {
        if (ids.Length != targets.Length || ids.Length != offsets.TokenCount)
        {
            throw new ArgumentException(
                $"TokenBatch: {ids.Length} ids, {targets.Length} targets and offsets for {offsets.TokenCount} tokens; expected the "
                + "same number of each.");
        }

        (Ids, Targets, Offsets) = (ids, targets, offsets);
        TargetCount = targets.Length - targets.AsSpan().Count(TargetBuilder.None);
    }

    /// <summary>[tokens]: the input's token ids.</summary>
    public int[] Ids { get; }

    /// <summary>[tokens]: the id to predict after each token, or <see cref="TargetBuilder.None"/> where nothing is predicted.</summary>
    public int[] Targets { get; }

    /// <summary>Where the documents, chunks or rows begin: what attention and positions go by.</summary>
    public DocumentOffsets Offsets { get; }

    /// <summary>How many tokens have a target: what a summed loss is divided by.</summary>
    public int TargetCount { get; }

    /// <summary>The number of tokens, with a target or without.</summary>
    public int TokenCount => Ids.Length;
}
