using System.Globalization;
using Spectre.Console;

namespace TinyLM.Peers;

/// <summary>The tables, and the line at the end.</summary>
internal sealed class Report
{
    private readonly List<Measurement> _measurements = [];
    private readonly List<string> _models = [];

    public Report()
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 200);
        }
    }

    public bool IsEmpty => _measurements.Count == 0;

    /// <summary>A row an op, or with <paramref name="everyCase"/> a row a case: the comparison that comes nearest to its limit.</summary>
    public void AddOps(IEnumerable<Measurement> measurements, bool everyCase)
    {
        var table = NewTable("op", everyCase ? "case" : "cases", "comparisons", "worst of", "error", "limit", "");
        foreach (IGrouping<string, Measurement> group in measurements.GroupBy(measurement => everyCase ? $"{measurement.Subject}/{measurement.Case}" : measurement.Subject))
        {
            _measurements.AddRange(group);
            Measurement worst = group.MaxBy(measurement => measurement.Share)!;
            string cases = everyCase ? worst.Case : $"{group.DistinctBy(measurement => measurement.Case).Count()}";
            AddRow(table, worst, worst.Subject, cases, $"{group.Count()}", everyCase ? worst.Quantity : $"{worst.Quantity} of {worst.Case}");
        }

        Write(table);
    }

    /// <summary>A row a tensor.</summary>
    public void AddModel(string model, IReadOnlyList<TensorComparison> tensors)
    {
        _models.Add(model);
        var table = NewTable("tensor", "what", "shape", "our norm", "libtorch's", "error", "limit", "").Title(model);
        foreach (TensorComparison tensor in tensors)
        {
            Measurement measurement = tensor.Of(model);
            _measurements.Add(measurement);
            AddRow(
                table, measurement, tensor.Tensor, tensor.Quantity, $"{tensor.Ours.Rows}x{tensor.Ours.Columns}", Invariant($"{tensor.OurNorm:0.000000e+00}"),
                Invariant($"{tensor.TheirNorm:0.000000e+00}"));
        }

        Write(table);
    }

    /// <summary>Lists what is wrong, and sums up in one line.</summary>
    /// <returns>Whether all is right.</returns>
    public bool Finish(string device)
    {
        Measurement[] wrong = [.. _measurements.Where(measurement => !measurement.IsRight)];
        foreach (Measurement measurement in wrong)
        {
            Console.WriteLine(
                $"FAILED {measurement.Subject} {measurement.Case}, {measurement.Quantity}: "
                + Invariant($"{measurement.Error:0.0e+00}, limit {measurement.Limit:0.0e+00}"));
        }

        int ops = _measurements.Select(measurement => measurement.Subject).Except(_models).Count();
        Measurement worst = _measurements.MaxBy(measurement => measurement.Share)!;
        string verdict = wrong.Length == 0 ? "all within their limits" : $"{wrong.Length} BEYOND THEIR LIMITS";
        Console.WriteLine(
            $"{_measurements.Count} comparisons of {ops} ops and {_models.Count} models with libtorch {torch.__version__} on {device}: {verdict}, "
            + Invariant($"largest {worst.Error:0.0e+00} of a limit of {worst.Limit:0.0e+00} ({worst.Subject} {worst.Case}, {worst.Quantity})"));
        return wrong.Length == 0;
    }

    private static Table NewTable(params string[] columns) => new Table().Border(TableBorder.Simple).AddColumns(columns);

    private static void AddRow(Table table, Measurement measurement, params IEnumerable<string> cells) => table.AddRow(
    [
        .. cells.Select(Markup.Escape), Invariant($"{measurement.Error:0.0e+00}"), Invariant($"{measurement.Limit:0.0e+00}"), measurement.IsRight ? "ok" : "[red]FAILED[/]",
    ]);

    private static void Write(Table table)
    {
        if (table.Rows.Count > 0)
        {
            AnsiConsole.Write(table);
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
