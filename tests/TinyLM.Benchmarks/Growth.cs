using ScottPlot;
using Spectre.Console;

namespace TinyLM.Benchmarks;

/// <summary>How the speed of a training step changes with one quantity, all else equal.</summary>
/// <param name="Name">Of the file.</param>
/// <param name="Quantity">What changes.</param>
/// <param name="Points">Its values, and what is run for each.</param>
internal sealed record Growth(string Name, string Quantity, IReadOnlyList<(int Value, ModelSetting Setting, int Threads)> Points)
{
    private const int Layers = 4;
    private const int Heads = 4;
    private const int Vocabulary = 256;

    public static IReadOnlyList<Growth> All(int threads) =>
    [
        new("tokens", "tokens a step, documents of 64", [.. Powers(64, 65536, 4).Select(tokens => (tokens, Setting(128, Enumerable.Repeat(64, tokens / 64)), threads))]),
        new("documents", "tokens a document, 8,192 tokens a step", [.. Powers(8, 8192, 4).Select(length => (length, Setting(128, Enumerable.Repeat(length, 8192 / length)), threads))]),
        new("width", "width, 2,048 tokens a step, documents of 256", [.. Powers(32, 1024, 2).Select(width => (width, Setting(width, Enumerable.Repeat(256, 8)), threads))]),
        new("threads", "threads, 4,096 tokens a step, width 256", [.. Enumerable.Range(1, 2 * CpuQuota.Processors).Select(count => (count, Setting(256, Enumerable.Repeat(256, 16)), count))]),
    ];

    /// <summary>Measures each point; a row a point, a plot, and the figures.</summary>
    public IReadOnlyList<Figure> Run(DevicePeak peak, int rounds, int warmUp, IAnsiConsole console, string? folder)
    {
        var figures = new List<Figure>();
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).Title(Quantity).AddColumns(Name, "ms a step", "tokens/s", "GFLOP/s", "of peak");
        foreach (var (value, setting, threads) in Points)
        {
            Figure figure = new Timing(threads, rounds, warmUp).MeasureOurs(new StepCase(setting, IsLlama: true), peak);
            figures.Add(figure with { Case = $"{Name} {value}" });
            table.AddRow(
                $"{value}", Text($"{figure.Milliseconds:F2}"), Text($"{figure.TokensPerSecond:N0}"), Text($"{figure.Gflops:F0}"), Text($"{figure.ShareOfPeak:P0}"));
        }

        console.Write(table);
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            Plot(figures).SavePng(Path.Combine(folder, $"growth-{Name}.png"), 800, 420);
        }

        return figures;
    }

    private Plot Plot(List<Figure> figures)
    {
        var plot = new Plot();
        double[] x = [.. Points.Select(point => Math.Log2(point.Value))];
        var line = plot.Add.Scatter(x, [.. figures.Select(figure => figure.TokensPerSecond / 1e3)], Colors.SteelBlue);
        (line.LineWidth, line.MarkerSize) = (2, 7);
        plot.Axes.Bottom.SetTicks(x, [.. Points.Select(point => $"{point.Value:N0}")]);
        plot.XLabel(Quantity);
        plot.YLabel("thousand tokens/s");
        plot.Axes.SetLimitsY(0, figures.Max(figure => figure.TokensPerSecond / 1e3) * 1.1);
        return plot;
    }

    private static ModelSetting Setting(int width, IEnumerable<int> lengths) => new("growth", Layers, Heads, width, Vocabulary, [.. lengths]);

    private static IEnumerable<int> Powers(int first, int last, int factor)
    {
        for (int value = first; value < last; value *= factor)
        {
            yield return value;
        }

        yield return last;
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
