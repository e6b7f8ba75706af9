namespace TinyLM;

/// <summary>A series as a line of blocks, ▁ its lowest value and █ its highest.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";

    /// <param name="values">Of which those that are no number are left out.</param>
    /// <param name="width">The most characters.</param>
    /// <returns>A character a value, or the mean of several.</returns>
    public static string Draw(IReadOnlyList<double> values, int width)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        int length = Math.Min(width, finite.Length);
        if (length <= 0)
        {
            return "";
        }

        var means = new double[length];
        for (int i = 0; i < length; i++)
        {
            int start = (int)((long)i * finite.Length / length), end = (int)((long)(i + 1) * finite.Length / length);
            means[i] = finite[start..end].Average();
        }

        double low = means.Min(), range = means.Max() - low;
        return string.Concat(means.Select(mean => Blocks[range > 0 ? (int)Math.Round((mean - low) / range * (Blocks.Length - 1)) : 0]));
    }
}
