using Spectre.Console;

namespace TinyLM;

/// <summary>Scores and their comparisons, as people read them in a terminal.</summary>
internal static class ScoreTable
{
    /// <summary>A row a scorer; those after the first with what they have gained over the one before.</summary>
    public static Table Ladder(IReadOnlyList<ScoreReport> reports, IReadOnlyList<ScoreComparison> comparisons)
    {
        var table = new Table().AddColumns("scorer", "loss (nats/token)", "bits/byte", "targets", "seconds", "targets/s");
        if (comparisons.Count > 0)
        {
            table.AddColumns("loss against the row above (95%)", "documents better");
        }

        for (int column = 1; column < table.Columns.Count; column++)
        {
            table.Columns[column].RightAligned();
        }

        for (int row = 0; row < reports.Count; row++)
        {
            ScoreReport report = reports[row];
            table.AddRow(
            [
                Markup.Escape(report.Scorer), Text($"{report.Total.Loss:F4}"), Text($"{report.Total.BitsPerByte:F4}"), Text($"{report.Total.Targets:N0}"),
                Text($"{report.Seconds:F1}"), Text($"{report.Total.Targets / report.Seconds:N0}"),
                .. comparisons.Count == 0 ? Array.Empty<string>() : row == 0 ? ["", ""] : [Difference(comparisons[row - 1]), Text($"{100 * comparisons[row - 1].ShareBetter:F0}%")],
            ]);
        }

        return table;
    }

    /// <summary>One comparison.</summary>
    public static Table Comparison(ScoreComparison comparison)
    {
        Table table = new Table().Title(Markup.Escape($"{comparison.Second} against {comparison.First}"))
            .AddColumns("", "difference", "95% from", "to").AddRow(["loss (nats/token)", .. Row(comparison.Loss, comparison.LossInterval)]);
        if (!double.IsNaN(comparison.BitsPerByte))
        {
            table.AddRow(["bits/byte", .. Row(comparison.BitsPerByte, comparison.BitsPerByteInterval)]);
        }

        table.Caption(Text($"{comparison.Documents:N0} documents, {comparison.Targets:N0} targets; {100 * comparison.ShareBetter:F1}% of the documents are better"));
        foreach (TableColumn column in table.Columns.Skip(1))
        {
            column.RightAligned();
        }

        return table;

        static string[] Row(double difference, ConfidenceInterval interval) => [Signed(difference), Signed(interval.Low), Signed(interval.High)];
    }

    /// <summary>A row a mode and chunk size.</summary>
    public static Table Choices(TttChoices choices)
    {
        var table = new Table().AddColumns("mode", "chunk", "best", "loss (nats/token)", "against strided (95%)", "seconds")
            .Caption(choices.AreHeldOut ? "the best is chosen on every other document; losses are of those between, seconds of all" : "the best is chosen on the one document that is scored");
        foreach (int column in new[] { 1, 3, 4, 5 })
        {
            table.Columns[column].RightAligned();
        }

        foreach (TttChoice choice in choices.Best)
        {
            TttPoint point = choice.Score.Point;
            table.AddRow(
                point.Mode, $"{point.Chunk}", Markup.Escape(point.Settings), Text($"{choice.Loss:F4}"), choice.AgainstStrided is { } comparison ? Difference(comparison) : "",
                Text($"{choice.Score.Seconds:F1}"));
        }

        return table;
    }

    /// <summary>"-0.0123 (-0.0150 to -0.0096)".</summary>
    public static string Difference(ScoreComparison comparison) =>
        double.IsNaN(comparison.LossInterval.Low) ? Signed(comparison.Loss)
        : $"{Signed(comparison.Loss)} ({Signed(comparison.LossInterval.Low)} to {Signed(comparison.LossInterval.High)})";

    private static string Signed(double value) => double.IsNaN(value) ? "-" : Text($"{value:+0.0000;-0.0000;0.0000}");

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
