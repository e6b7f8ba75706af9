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

    /// <summary>Only so many layers are adapted, the last ones, so that learning goes back no further; 0: all. The head is one of its own.</summary>
    public int Layers { get; init; }

    internal float Scale => (float)((Alpha ?? Rank) / Rank);

    /// <summary>Throws on a value that makes no sense.</summary>
    /// <param name="model">The shape of what is adapted.</param>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Validate(GptConfig model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (Rank < 1)
        {
            throw new UserException($"LoRA: a rank of {Rank}, expected at least 1.");
        }

        if (Alpha is { } alpha && !(double.IsFinite(alpha) && alpha > 0))
        {
            throw new UserException(FormattableString.Invariant($"LoRA: alpha is {alpha}, expected a positive number."));
        }

        if (Layers < 0 || Layers > model.LayerCount)
        {
            throw new UserException($"LoRA: the last {Layers} layers are adapted, expected 1 to {model.LayerCount}, the model's, or 0 for all.");
        }

        if (Targets == LoraTargets.None)
        {
            throw new UserException("LoRA: nothing is adapted; expected one at least of query, key, value, output, mlp and head.");
        }
    }
}
