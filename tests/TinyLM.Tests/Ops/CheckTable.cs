using System.Globalization;

namespace TinyLM.Tests;

/// <summary>What the checks of ops measured: the largest relative error of each op, case and device.</summary>
public static class CheckTable
{
    /// <summary>Stands for the device where finite differences judge the reference.</summary>
    public const string Differences = "(differences)";

    private const string FileName = "gradient-checks.txt";

    private static readonly SortedDictionary<(string Op, string Case, string Device), Row> Rows = new(Comparer<(string Op, string Case, string Device)>.Create(Compare));

    /// <summary>Notes an error and asserts that it is within its limit.</summary>
    /// <param name="op">The op.</param>
    /// <param name="case">Its shapes and options.</param>
    /// <param name="device">A device's name, or what else was compared with the reference.</param>
    /// <param name="quantity">Which of the op's results: "y", "dx".</param>
    /// <param name="error">The relative error.</param>
    /// <param name="limit">The most it may be.</param>
    public static void Check(string op, string @case, string device, string quantity, double error, double limit)
    {
        var key = (op, @case, device);
        Row? seen = Rows.GetValueOrDefault(key);
        int comparisons = (seen?.Comparisons ?? 0) + 1;
        Rows[key] = seen is null || !(error <= seen.Error) ? new Row(quantity, error, limit, comparisons) : seen with { Comparisons = comparisons };

        Assert.That(error, Is.LessThanOrEqualTo(limit), $"{op} {@case} on {device}: relative error of {quantity}");
    }

    /// <summary>The table as text, aligned; empty where nothing was checked.</summary>
    public static string Text()
    {
        if (Rows.Count == 0)
        {
            return "";
        }

        List<string[]> lines = [["op", "case", "device", "worst of", "error", "limit", ""]];
        lines.AddRange(Rows.Select(row => new[]
        {
            row.Key.Op, row.Key.Case, row.Key.Device, row.Value.Quantity, Scientific(row.Value.Error), Scientific(row.Value.Limit),
            row.Value.Error <= row.Value.Limit ? "" : "FAILED",
        }));
        int[] widths = [.. Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length))];
        return string.Join('\n', lines.Select(line => string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd())) + "\n" + Summary();
    }

    private static string Summary() => string.Concat(Rows.GroupBy(row => row.Key.Device).Select(rows => FormattableString.Invariant(
        $"{rows.Key}: {rows.Select(row => row.Key.Op).Distinct().Count()} ops in {rows.Count():N0} cases, {rows.Sum(row => row.Value.Comparisons):N0} comparisons{(rows.Key == Differences ? $" of {FiniteDifferences.DerivativeCount:N0} derivatives" : "")}, the largest error {rows.Max(row => row.Value.Error):0.0e-00}\n")));

    /// <summary>Writes the table beside the test results.</summary>
    /// <returns>The file's path.</returns>
    public static string Save(string folder)
    {
        string path = Path.Combine(folder, FileName);
        File.WriteAllText(path, Text());
        return path;
    }

    private static string Scientific(double value) => value.ToString("0.0e-00", CultureInfo.InvariantCulture);

    private static int Compare((string Op, string Case, string Device) left, (string Op, string Case, string Device) right)
    {
        int op = string.CompareOrdinal(left.Op, right.Op), @case = string.CompareOrdinal(left.Case, right.Case);
        return op != 0 ? op : @case != 0 ? @case : string.CompareOrdinal(left.Device, right.Device);
    }

    private sealed record Row(string Quantity, double Error, double Limit, int Comparisons);
}
