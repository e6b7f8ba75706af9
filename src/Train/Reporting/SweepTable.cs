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
        var table = new Table().MarkdownBorder().AddColumns("rank", "settings", $"{score}, mean of {seeds}", "deviation", "of each seed", "seconds");
        foreach (int column in new[] { 0, 2, 3, 5 })
        {
            table.Columns[column].RightAligned();
        }

        for (int i = 0; i < rows.Count; i++)
        {
            SweepRow row = rows[i];
            table.AddRow(
                $"{i + 1}", Markup.Escape(string.Join(' ', row.Settings)), Number(row.Mean), Number(row.Deviation), string.Join(' ', row.Losses.Select(Number)),
                FormattableString.Invariant($"{row.Seconds:F0}"));
        }

        console.Write(table);
    }

    private static string Number(double value) => double.IsNaN(value) ? "-" : FormattableString.Invariant($"{value:F4}");
}
