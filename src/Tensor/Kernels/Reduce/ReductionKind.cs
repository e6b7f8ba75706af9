namespace TinyLM;

/// <summary>What a reduction makes of many numbers.</summary>
public enum ReductionKind
{
    Sum,
    Mean,

    /// <summary>The largest; its gradient goes to the first of equals.</summary>
    Max,

    /// <summary>log Σ eˣ, computed from the largest on, so that it does not overflow; -∞ where all are.</summary>
    LogSumExp,
}
