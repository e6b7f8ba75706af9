using System.Globalization;
using System.Text;

namespace TinyLM;

/// <summary>The page of a scoring: its figures, and where in documents and among them the scorers differ.</summary>
internal static class ScorePage
{
    private const int HistogramBins = 40;
    private const int MostDots = 2000;

    /// <summary>Colours of the scorers, in their order.</summary>
    private static readonly string[] Styles = ["s1", "s8", "s2", "s5", "s3", "s4", "s6", "o4"];

    /// <param name="stream">Where to.</param>
    /// <param name="results">What was scored, and with what.</param>
    /// <param name="overlap">Whether documents were trained on, in words.</param>
    /// <param name="reports">A report a scorer.</param>
    /// <param name="comparisons">Each scorer but the first with the one before.</param>
    public static void Write(Stream stream, ScoreResults results, string overlap, IReadOnlyList<ScoreReport> reports, IReadOnlyList<ScoreComparison> comparisons)
    {
        var html = new StringBuilder();
        ReportPage.Begin(
            html, "Scores", "",
            [
                ("Documents", Text($"{results.Documents}: {reports[0].Documents.Count:N0}, {overlap}")), ("Checkpoint", Text($"{results.Checkpoint}, step {results.Step:N0}")),
                ("Ends of documents", results.ScoreEnd ? "scored" : "not scored"), ("Device", results.Device),
            ],
            meta: "");
        html.Append("</header>\n<main>\n");
        WriteTiles(html, reports, comparisons);
        WriteTable(html, reports, comparisons);
        html.Append("<section class=\"charts\">\n");
        foreach (Chart chart in Charts(reports))
        {
            chart.Write(html);
        }

        html.Append("</section>\n</main>\n");
        ReportPage.End(html, stream);
    }

    private static void WriteTiles(StringBuilder html, IReadOnlyList<ScoreReport> reports, IReadOnlyList<ScoreComparison> comparisons)
    {
        ScoreReport best = reports.MinBy(report => report.Total.Loss)!;
        html.Append("<section class=\"tiles\">\n");
        ReportPage.Tile(html, "Loss", Text($"{best.Total.Loss:F4}"), reports.Count > 1 ? $"nats a token, {best.Scorer}" : "nats a token");
        ReportPage.Tile(html, "Bits a byte", double.IsNaN(best.Total.BitsPerByte) ? "-" : Text($"{best.Total.BitsPerByte:F4}"), Text($"{best.Total.Bytes:N0} bytes"));
        ReportPage.Tile(html, "Targets", ChartAxis.Short(best.Total.Targets), Text($"in {best.Documents.Count:N0} documents"));
        ReportPage.Tile(html, "Targets/s", Text($"{best.Total.Targets / best.Seconds:N0}"), $"{LiveView.Duration(best.Seconds)} in all");
        if (comparisons.Count > 0)
        {
            ReportPage.Tile(html, "From first to last", Text($"{reports[^1].Total.Loss - reports[0].Total.Loss:+0.0000;-0.0000;0.0000}"), "nats a token");
        }

        html.Append("</section>\n");
    }

    private static void WriteTable(StringBuilder html, IReadOnlyList<ScoreReport> reports, IReadOnlyList<ScoreComparison> comparisons)
    {
        html.Append("<section><div class=\"scroll\"><table><thead><tr><th>scorer<th>nats a token<th>bits a byte<th>targets<th>seconds<th>targets/s");
        html.Append(comparisons.Count > 0 ? "<th>against the row above (95%)<th>documents better</thead><tbody>" : "</thead><tbody>");
        for (int row = 0; row < reports.Count; row++)
        {
            ScoreReport report = reports[row];
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Chart.Encode(report.Scorer)}<td>{report.Total.Loss:F4}<td>{report.Total.BitsPerByte:F4}");
            html.Append(CultureInfo.InvariantCulture, $"<td>{report.Total.Targets:N0}<td>{report.Seconds:F1}<td>{report.Total.Targets / report.Seconds:N0}");
            if (comparisons.Count > 0)
            {
                html.Append(row == 0 ? "<td><td>" : Text($"<td>{ScoreTable.Difference(comparisons[row - 1])}<td>{100 * comparisons[row - 1].ShareBetter:F0}%"));
            }
        }

        html.Append("</tbody></table></div></section>\n");
    }

    private static IEnumerable<Chart> Charts(IReadOnlyList<ScoreReport> reports)
    {
        yield return Buckets("Loss by position in the document", "nats a token, over the number of tokens before", reports, report => report.ByPosition);
        yield return Buckets("Loss by length of the document", "nats a token, over the number of its targets", reports, report => report.ByLength);
        yield return Histogram(reports);
        for (int i = 1; i < reports.Count; i++)
        {
            yield return Scatter(reports[i - 1], reports[i], StyleOf(i));
        }
    }

    private static Chart Buckets(string title, string unit, IReadOnlyList<ScoreReport> reports, Func<ScoreReport, IReadOnlyList<ScoreBucket>> buckets) => new()
    {
        Title = title,
        Unit = unit,
        XKind = ChartAxisKind.Logarithm,
        Series =
        [
            .. reports.Select((report, i) => new ChartSeries(
                report.Scorer, StyleOf(i), [.. buckets(report).Select(bucket => (Math.Sqrt((double)bucket.First * bucket.Last), bucket.Score.Loss))])),
        ],
    };

    private static Chart Histogram(IReadOnlyList<ScoreReport> reports)
    {
        double[][] losses = [.. reports.Select(report => report.Documents.Where(document => document.Targets > 0).Select(document => document.Loss).ToArray())];
        double low = losses.Min(values => values.Min()), width = Math.Max(1e-6, losses.Max(values => values.Max()) - low) / HistogramBins;
        return new Chart
        {
            Title = "Losses of documents",
            Unit = "share of the documents, over nats a token",
            XKind = ChartAxisKind.Number,
            IsXFromZero = false,
            IsFromZero = true,
            Series = [.. losses.Select((values, i) => new ChartSeries(reports[i].Scorer, StyleOf(i), [.. Bins(values)]))],
        };

        IEnumerable<(double X, double Y)> Bins(double[] values)
        {
            var counts = new int[HistogramBins];
            foreach (double value in values)
            {
                counts[Math.Min(HistogramBins - 1, (int)((value - low) / width))]++;
            }

            return counts.Select((count, bin) => (low + (bin + 0.5) * width, (double)count / values.Length));
        }
    }

    /// <summary>A dot a document: below the line the second is better.</summary>
    private static Chart Scatter(ScoreReport before, ScoreReport after, string style)
    {
        (double X, double Y)[] dots = [.. before.Documents.Zip(after.Documents).Where(pair => pair.First.Targets > 0).Select(pair => (pair.First.Loss, pair.Second.Loss))];
        int every = (dots.Length + MostDots - 1) / MostDots;
        double low = dots.Min(dot => Math.Min(dot.X, dot.Y)), high = dots.Max(dot => Math.Max(dot.X, dot.Y));
        return new Chart
        {
            Title = $"Documents: {after.Scorer}",
            Unit = Text($"nats a token, over those of {before.Scorer}; below the line it is better{(every > 1 ? Text($"; one document in {every}") : "")}"),
            XKind = ChartAxisKind.Number,
            IsXFromZero = false,
            Series =
            [
                new ChartSeries("equal", "ink faint", [(low, low), (high, high)]) { InLegend = false },
                new ChartSeries(after.Scorer, style, [.. dots.Where((_, i) => i % every == 0)]) { IsDots = true, InLegend = false },
            ],
        };
    }

    private static string StyleOf(int scorer) => Styles[scorer % Styles.Length];

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
