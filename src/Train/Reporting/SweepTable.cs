using Spectre.Console;

namespace TinyLM;

/// <summary>Shows how the points of a sweep rank.</summary>
public static class SweepTable
{
    public static void Print(IAnsiConsole console, IReadOnlyList<SweepRow> rows, string score)
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(rows);
        int seeds = rows[0].Losses.Count;
        var table = new Table().MarkdownBorder().AddColumns("rank", "settings", $"{score}, mean of {seeds}", "deviation", "more than the best", "of each seed", "seconds");
        foreach (int column in new[] { 0, 2, 3, 4, 6 })
        {
            table.Columns[column].RightAligned();
        }

        for (int i = 0; i < rows.Count; i++)
        {
            SweepRow row = rows[i];
            table.AddRow(
                $"{i + 1}", Markup.Escape(string.Join(' ', row.Settings)), Number(row.Mean), Number(row.Deviation), i == 0 ? "" : Excess(row, rows[0]),
                string.Join(' ', row.Losses.Select(Number)), FormattableString.Invariant($"{row.Seconds:F0}"));
        }

        console.Write(table);
        if (rows.Count > 1 && seeds > 1)
        {
            console.WriteLine("More than the best: the mean of the differences seed by seed, and its 95% interval (Student's t over the seeds).");
        }
    }

    private static string Excess(SweepRow row, SweepRow best)
    {
        PairedDifference difference = PairedDifference.Between(row.Losses, best.Losses);
        return double.IsNaN(difference.Margin) ? Number(difference.Mean) : $"{Number(difference.Mean)} ± {Number(difference.Margin)}";
    }

    private static string Number(double value) => double.IsNaN(value) ? "-" : FormattableString.Invariant($"{value:F4}");
}
