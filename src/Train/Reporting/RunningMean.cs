namespace TinyLM;

/// <summary>The mean over a window centred on each value, so that it lags behind neither a steep start nor a short run.</summary>
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
            int inside = Math.Min(reach, Math.Min(i, values.Count - 1 - i));
            return (sums[i + inside + 1] - sums[i - inside]) / (2 * inside + 1);
        })];
    }
}
