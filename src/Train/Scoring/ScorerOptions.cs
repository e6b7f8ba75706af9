namespace TinyLM;

/// <summary>What a user says about scorers, for all that are asked for.</summary>
public sealed record ScorerOptions
{
    /// <summary>Tokens that a target sees at most, and tokens of a row; null: the model's context.</summary>
    public int? Window { get; init; }

    /// <summary>Targets of a chunk, where a scorer's own name does not say; null: a quarter of the window.</summary>
    public int? Stride { get; init; }

    /// <summary>Whether the end of each document is a target.</summary>
    public bool ScoreEnd { get; init; }
}
