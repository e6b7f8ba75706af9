using ScottPlot;

namespace TinyLM;

/// <summary>
/// The two plots that slowrun shows of test-time training: loss over time, a dot a configuration, the best of each chunk size in colour; and loss over the chunk size, the best
/// of each marked.
/// </summary>
internal static class TttPlots
{
    private const int Width = 1000, Height = 640;
    private static readonly Color[] Colors = [ScottPlot.Colors.SteelBlue, ScottPlot.Colors.DarkOrange, ScottPlot.Colors.SeaGreen, ScottPlot.Colors.Purple, ScottPlot.Colors.Crimson, ScottPlot.Colors.Teal, ScottPlot.Colors.Olive];

    public static void Save(string folder, IReadOnlyList<TttPoint> points)
    {
        SaveOverTime(Path.Combine(folder, "loss-over-time.png"), points);
        SaveOverChunk(Path.Combine(folder, "loss-over-chunk.png"), points);
    }

    private static void SaveOverTime(string path, IReadOnlyList<TttPoint> points)
    {
        using var plot = new Plot();
        plot.Title("Loss over the time that scoring takes");
        plot.XLabel("seconds (logarithmic)");
        plot.YLabel("nats a token");
        int[] chunks = [.. points.Select(point => point.Chunk).Distinct().Order()];
        foreach (TttPoint point in points)
        {
            plot.Add.Marker(Math.Log10(point.Score!.Seconds), point.Score.Loss, Shape(point.Mode), 8, ScottPlot.Colors.Gray.WithAlpha(0.5));
        }

        for (int i = 0; i < chunks.Length; i++)
        {
            foreach (TttPoint best in BestOf(points.Where(point => point.Chunk == chunks[i])))
            {
                var marker = plot.Add.Marker(Math.Log10(best.Score!.Seconds), best.Score.Loss, Shape(best.Mode), 14, Colors[i % Colors.Length]);
                marker.LegendText = $"{best.Mode} {best.Chunk}";
            }
        }

        var ticks = new ScottPlot.TickGenerators.NumericAutomatic { LabelFormatter = static power => FormattableString.Invariant($"{Math.Pow(10, power):0.#}") };
        plot.Axes.Bottom.TickGenerator = ticks;
        plot.ShowLegend(Edge.Right);
        AtomicFile.Write(path, stream => stream.Write(plot.GetImageBytes(Width, Height, ImageFormat.Png)));
    }

    private static void SaveOverChunk(string path, IReadOnlyList<TttPoint> points)
    {
        using var plot = new Plot();
        plot.Title("Loss over the chunk size");
        plot.XLabel("targets a chunk (logarithmic)");
        plot.YLabel("nats a token");
        string[] modes = [.. points.Select(point => point.Mode).Distinct()];
        for (int i = 0; i < modes.Length; i++)
        {
            TttPoint[] ofMode = [.. points.Where(point => point.Mode == modes[i])];
            foreach (TttPoint point in ofMode)
            {
                plot.Add.Marker(Math.Log2(point.Chunk), point.Score!.Loss, Shape(point.Mode), 7, Colors[i].WithAlpha(0.4));
            }

            TttPoint[] best = [.. ofMode.GroupBy(point => point.Chunk).OrderBy(group => group.Key).Select(group => group.MinBy(point => point.Score!.Loss)!)];
            var line = plot.Add.Scatter(best.Select(point => Math.Log2(point.Chunk)).ToArray(), best.Select(point => point.Score!.Loss).ToArray(), Colors[i]);
            (line.LegendText, line.LineWidth, line.MarkerSize, line.MarkerShape) = ($"{modes[i]}, the best", 2, 12, Shape(modes[i]));
        }

        double[] places = [.. points.Select(point => Math.Log2(point.Chunk)).Distinct().Order()];
        plot.Axes.Bottom.SetTicks(places, [.. places.Select(place => FormattableString.Invariant($"{Math.Pow(2, place):0}"))]);
        plot.ShowLegend(Edge.Right);
        AtomicFile.Write(path, stream => stream.Write(plot.GetImageBytes(Width, Height, ImageFormat.Png)));
    }

    private static IEnumerable<TttPoint> BestOf(IEnumerable<TttPoint> points) => points.GroupBy(point => point.Mode).Select(group => group.MinBy(point => point.Score!.Loss)!);

    private static MarkerShape Shape(string mode) => mode switch
    {
        "strided" => MarkerShape.FilledSquare,
        "ttt" => MarkerShape.FilledCircle,
        _ => MarkerShape.FilledTriangleUp,
    };
}
