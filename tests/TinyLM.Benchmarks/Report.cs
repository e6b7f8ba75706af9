using System.Text.Json;
using ScottPlot;
using Spectre.Console;

namespace TinyLM.Benchmarks;

/// <summary>The figures as a table, a plot of the ratios and a file.</summary>
internal static class Report
{
    /// <summary>A bar that is longer is cut: its label tells the ratio.</summary>
    private const double LongestBar = 9;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void Print(IReadOnlyList<Figure> figures, DevicePeak peak, IAnsiConsole console)
    {
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = Math.Max(console.Profile.Width, 160);
        }

        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumns("case", "ms", "GFLOP/s", "GB/s", "of peak", "tokens/s", "fastest other", "ms", "ratio");
        for (int column = 1; column < table.Columns.Count; column++)
        {
            table.Columns[column].Alignment = column == 6 ? Justify.Left : Justify.Right;
        }

        foreach (Figure figure in figures)
        {
            table.AddRow(
                Markup.Escape(figure.Case), Text($"{figure.Milliseconds:F3}"), Number(figure.Gflops), Number(figure.GigabytesPerSecond), Text($"{figure.ShareOfPeak:P0}"),
                figure.TokensPerSecond == 0 ? "" : Text($"{figure.TokensPerSecond:N0}"), Markup.Escape(figure.Opponent), Number(figure.OpponentMilliseconds, "F3"),
                figure.Ratio == 0 ? "" : Text($"{figure.Ratio:F2}x"));
        }

        console.Write(table);
        console.WriteLine(Text($"peak, measured: {peak.FlopsPerSecond / 1e9:F0} GFLOP/s of multiply-adds, {peak.BytesPerSecond / 1e9:F1} GB/s of a large copy"));
        foreach (var group in figures.Where(figure => figure.Ratio > 0).GroupBy(figure => figure.Group))
        {
            double[] ratios = [.. group.Select(figure => figure.Ratio).Order()];
            console.WriteLine(Text($"{group.Key}: least {ratios[0]:F2}x, median {ratios[ratios.Length / 2]:F2}x"));
        }
    }

    /// <summary>Figures that the folder holds of other cases stay: a race may be run group by group.</summary>
    public static void Save(IReadOnlyList<Figure> figures, DevicePeak peak, int threads, string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, "results.json");
        if (File.Exists(path))
        {
            Figure[] before = JsonSerializer.Deserialize<Results>(File.ReadAllText(path), Json)!.Figures;
            string[] order = [.. CpuCases.All.Select(@case => @case.Name)];
            figures = [.. before.ExceptBy(figures.Select(figure => figure.Case), figure => figure.Case).Concat(figures).OrderBy(figure => Array.IndexOf(order, figure.Case))];
        }

        File.WriteAllText(path, JsonSerializer.Serialize(new Results(threads, peak.FlopsPerSecond / 1e9, peak.BytesPerSecond / 1e9, [.. figures]), Json));
        Figure[] raced = [.. figures.Where(figure => figure.Ratio > 0).Reverse()];
        if (raced.Length > 0)
        {
            Plot(raced).SavePng(Path.Combine(folder, "ratios.png"), 1100, 140 + 24 * raced.Length);
        }
    }

    private static Plot Plot(Figure[] figures)
    {
        var plot = new Plot();
        plot.Title("Times as fast as libtorch, on the same threads");
        Bar[] bars = [.. figures.Select((figure, place) => new Bar
        {
            Position = place,
            Value = Math.Min(figure.Ratio, LongestBar),
            FillColor = figure.Ratio >= 1 ? Colors.SteelBlue : Colors.IndianRed,
            LineWidth = 0,
            Label = Text($"{figure.Ratio:F2}"),
            Size = 0.7,
        })];
        var shown = plot.Add.Bars(bars);
        shown.Horizontal = true;
        plot.Add.VerticalLine(1, 1.5f, Colors.Black, LinePattern.Dashed);
        plot.Axes.Left.SetTicks([.. bars.Select(bar => bar.Position)], [.. figures.Select(figure => figure.Case)]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.SetLimits(0, Math.Min(figures.Max(figure => figure.Ratio), LongestBar) * 1.08, -1, figures.Length);
        plot.HideGrid();
        return plot;
    }

    private static string Number(double value, string format = "F1") => value == 0 ? "" : value.ToString(format, System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    /// <param name="Threads">Of each contender.</param>
    /// <param name="GflopsPeak">In the last run.</param>
    /// <param name="GigabytesPerSecondPeak">In the last run.</param>
    /// <param name="Figures">Of all runs.</param>
    private sealed record Results(int Threads, double GflopsPeak, double GigabytesPerSecondPeak, Figure[] Figures);
}
