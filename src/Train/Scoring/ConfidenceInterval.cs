namespace TinyLM;

/// <summary>Where a figure lies, at a level of confidence; both ends are NaN where there is too little to tell.</summary>
public readonly record struct ConfidenceInterval(double Low, double High)
{
    public static ConfidenceInterval Unknown { get; } = new(double.NaN, double.NaN);

    /// <summary>Whether it leaves out 0: of a difference, whether there is one.</summary>
    public bool ExcludesZero => Low > 0 || High < 0;
}
