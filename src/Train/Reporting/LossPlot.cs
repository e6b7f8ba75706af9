using ScottPlot;

namespace TinyLM;

/// <summary>The loss over steps as a PNG: each step, their running mean, and what validation found at the end.</summary>
public static class LossPlot
{
    internal static void Save(string path, RunHistory history, IReadOnlyDictionary<string, ScoreSummary> scores, FileOperations operations)
    {
        double[] x = [.. history.Points.Select(point => (double)point.Step)], losses = [.. history.Points.Select(point => point.Loss)];
        using var plot = new Plot();
        plot.Title("Training loss");
        plot.XLabel("step");
        plot.YLabel("nats a token");
        var raw = plot.Add.ScatterLine(x, losses, Colors.SteelBlue.WithAlpha(0.25));
        raw.LegendText = "each step";
        var mean = plot.Add.ScatterLine(x, RunningMean.Of(losses), Colors.SteelBlue);
        (mean.LegendText, mean.LineWidth) = ("running mean", 2);
        if (history.Validations is { Count: > 0 } validations)
        {
            double[] at = [.. validations.Select(step => (double)step.Step)], heldOutLosses = [.. validations.Select(step => step.ValidationLoss!.Value)];
            var heldOut = plot.Add.ScatterLine(at, heldOutLosses, Colors.OrangeRed);
            (heldOut.LegendText, heldOut.LineWidth) = ("held-out sample", 2);
        }

        Color[] colors = [Colors.DarkOrange, Colors.SeaGreen, Colors.Purple];
        int index = 0;
        foreach (var (name, report) in scores)
        {
            var line = plot.Add.HorizontalLine(report.Loss, 1.5f, colors[index++ % colors.Length], LinePattern.Dashed);
            line.LegendText = FormattableString.Invariant($"validation, {name}: {report.Loss:F4}");
        }

        plot.ShowLegend(Alignment.UpperRight);
        AtomicFile.Write(path, stream => stream.Write(plot.GetImageBytes(1000, 600, ImageFormat.Png)), operations);
    }
}
