namespace TinyLM;

/// <summary>The shape of a low-rank adapter (Hu et al., "LoRA", 2021): y = x·Wᵀ + alpha/rank · (x·Aᵀ)·Bᵀ.</summary>
public sealed record LoraConfig
{
    /// <summary>Rows of A, columns of B.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The adapter's part is multiplied by alpha / rank; null: by 1.</summary>
    public double? Alpha { get; init; }

    /// <summary>What is adapted: by default what parameter-golf's first record with test-time training adapts.</summary>
    public LoraTargets Targets { get; init; } = LoraTargets.Query | LoraTargets.Value | LoraTargets.Head;

    internal float Scale => (float)((Alpha ?? Rank) / Rank);

    /// <summary>Throws on a value that makes no sense.</summary>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Validate()
    {
        if (Rank < 1)
        {
            throw new UserException($"LoRA: a rank of {Rank}, expected at least 1.");
        }

        if (Alpha is { } alpha && !(double.IsFinite(alpha) && alpha > 0))
        {
            throw new UserException(FormattableString.Invariant($"LoRA: alpha is {alpha}, expected a positive number."));
        }

        if (Targets == LoraTargets.None)
        {
            throw new UserException("LoRA: nothing is adapted; expected one at least of query, key, value, output, mlp and head.");
        }
    }
}
