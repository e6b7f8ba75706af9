using ScottPlot;

namespace TinyLM;

/// <summary>The loss over steps as a PNG: each step, their running mean, and what validation found at the end.</summary>
public static class LossPlot
{
    /// <summary>The mean reaches this share of the run to either side.</summary>
    private const int StepsPerReach = 50;

    public static void Save(string path, IReadOnlyList<StepMetrics> steps, IReadOnlyDictionary<string, ScoreReport> validation)
    {
        ArgumentNullException.ThrowIfNull(steps);
        ArgumentNullException.ThrowIfNull(validation);
        double[] x = [.. steps.Select(step => (double)step.Step)], losses = [.. steps.Select(step => step.Loss)];
        using var plot = new Plot();
        plot.Title("Training loss");
        plot.XLabel("step");
        plot.YLabel("nats a token");
        var raw = plot.Add.ScatterLine(x, losses, Colors.SteelBlue.WithAlpha(0.25));
        raw.LegendText = "each step";
        var mean = plot.Add.ScatterLine(x, Smooth(losses), Colors.SteelBlue);
        (mean.LegendText, mean.LineWidth) = ("running mean", 2);
        Color[] colors = [Colors.DarkOrange, Colors.SeaGreen, Colors.Purple];
        int index = 0;
        foreach (var (name, report) in validation)
        {
            var line = plot.Add.HorizontalLine(report.Loss, 1.5f, colors[index++ % colors.Length], LinePattern.Dashed);
            line.LegendText = FormattableString.Invariant($"validation, {name}: {report.Loss:F4}");
        }

        plot.ShowLegend(Alignment.UpperRight);
        AtomicFile.Write(path, stream => stream.Write(plot.GetImageBytes(1000, 600, ImageFormat.Png)));
    }

    /// <summary>The mean over a window centred on each step, so that it lags behind neither a steep start nor a short run.</summary>
    private static double[] Smooth(double[] values)
    {
        int reach = values.Length / StepsPerReach;
        var sums = new double[values.Length + 1];
        for (int i = 0; i < values.Length; i++)
        {
            sums[i + 1] = sums[i] + values[i];
        }

        return [.. values.Select((_, i) =>
        {
            int inside = Math.Min(reach, Math.Min(i, values.Length - 1 - i));
            return (sums[i + inside + 1] - sums[i - inside]) / (2 * inside + 1);
        })];
    }
}
