namespace TinyLM;

/// <summary>What an axis counts, and so how its numbers are written.</summary>
internal enum ChartAxisKind
{
    Number,

    /// <summary>Decades.</summary>
    Logarithm,

    /// <summary>Large whole numbers: 250k, 1.5M.</summary>
    Count,

    /// <summary>Of time.</summary>
    Seconds,
}
