namespace TinyLM;

/// <summary>
/// The mean over a window centred on each value, so that it does not lag behind a steep start; at the end the window has the values before, so that the
/// last mean is one of many too.
/// </summary>
internal static class RunningMean
{
    /// <summary>The mean reaches this share of the series to either side.</summary>
    private const int ValuesPerReach = 50;

    public static double[] Of(IReadOnlyList<double> values)
    {
        int reach = values.Count / ValuesPerReach;
        var sums = new double[values.Count + 1];
        for (int i = 0; i < values.Count; i++)
        {
            sums[i + 1] = sums[i] + values[i];
        }

        return [.. values.Select((_, i) =>
        {
            int before = Math.Min(reach, i), after = Math.Min(before, values.Count - 1 - i);
            return (sums[i + after + 1] - sums[i - before]) / (before + after + 1);
        })];
    }
}
