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

    public static void Save(string folder, TttChoices choices)
    {
        SaveOverTime(Path.Combine(folder, "loss-over-time.png"), choices);
        SaveOverChunk(Path.Combine(folder, "loss-over-chunk.png"), choices);
    }

    private static void SaveOverTime(string path, TttChoices choices)
    {
        using var plot = new Plot();
        plot.Title("Loss over the time that scoring takes");
        plot.XLabel("seconds (logarithmic)");
        plot.YLabel("nats a token");
        foreach (TttScore score in choices.Scores)
        {
            plot.Add.Marker(Math.Log10(score.Seconds), TttChoices.LossOf(score.Documents), Shape(score.Point.Mode), 8, ScottPlot.Colors.Gray.WithAlpha(0.5));
        }

        int[] chunks = [.. choices.Best.Select(choice => choice.Score.Point.Chunk).Distinct().Order()];
        foreach (TttChoice choice in choices.Best.OrderBy(choice => choice.Score.Point.Chunk))
        {
            TttPoint point = choice.Score.Point;
            Color color = Colors[Array.IndexOf(chunks, point.Chunk) % Colors.Length];
            var marker = plot.Add.Marker(Math.Log10(choice.Score.Seconds), choice.Loss, Shape(point.Mode), 14, color);
            marker.LegendText = $"{point.Mode} {point.Chunk}";
        }

        var ticks = new ScottPlot.TickGenerators.NumericAutomatic { LabelFormatter = static power => FormattableString.Invariant($"{Math.Pow(10, power):0.#}") };
        plot.Axes.Bottom.TickGenerator = ticks;
        plot.ShowLegend(Edge.Right);
        AtomicFile.Write(path, stream => stream.Write(plot.GetImageBytes(Width, Height, ImageFormat.Png)));
    }

    private static void SaveOverChunk(string path, TttChoices choices)
    {
        using var plot = new Plot();
        plot.Title("Loss over the chunk size");
        plot.XLabel("targets a chunk (logarithmic)");
        plot.YLabel("nats a token");
        string[] modes = [.. choices.Best.Select(choice => choice.Score.Point.Mode).Distinct()];
        for (int i = 0; i < modes.Length; i++)
        {
            foreach (TttScore score in choices.Scores.Where(score => score.Point.Mode == modes[i]))
            {
                plot.Add.Marker(Math.Log2(score.Point.Chunk), TttChoices.LossOf(score.Documents), Shape(modes[i]), 7, Colors[i].WithAlpha(0.4));
            }

            TttChoice[] best = [.. choices.Best.Where(choice => choice.Score.Point.Mode == modes[i])];
            var line = plot.Add.Scatter(best.Select(choice => Math.Log2(choice.Score.Point.Chunk)).ToArray(), best.Select(choice => choice.Loss).ToArray(), Colors[i]);
            (line.LegendText, line.LineWidth, line.MarkerSize, line.MarkerShape) = ($"{modes[i]}, the best", 2, 12, Shape(modes[i]));
        }

        double[] places = [.. choices.Scores.Select(score => Math.Log2(score.Point.Chunk)).Distinct().Order()];
        plot.Axes.Bottom.SetTicks(places, [.. places.Select(place => FormattableString.Invariant($"{Math.Pow(2, place):0}"))]);
        plot.ShowLegend(Edge.Right);
        AtomicFile.Write(path, stream => stream.Write(plot.GetImageBytes(Width, Height, ImageFormat.Png)));
    }

    private static MarkerShape Shape(string mode) => mode switch
    {
        "strided" => MarkerShape.FilledSquare,
        "ttt" => MarkerShape.FilledCircle,
        _ => MarkerShape.FilledTriangleUp,
    };
}
