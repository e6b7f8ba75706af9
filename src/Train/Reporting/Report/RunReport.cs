using System.Globalization;
using System.Text;

namespace TinyLM;

/// <summary>
/// <c>report.html</c>: one page of its own, without anything from outside, that shows how a run goes or went, in a light or a dark browser and on a
/// phone. While the run goes, the page loads itself again every few seconds.
/// </summary>
internal sealed class RunReport(RunDescription description, RunHistory history)
{
    private const int SecondsToReload = 5;

    /// <summary>Null until the run is finished.</summary>
    public RunResults? Results { get; set; }

    public void Write(Stream stream, RunStatus status)
    {
        var html = new StringBuilder();
        WriteHead(html, status);
        html.Append("<main>\n");
        WriteTiles(html);
        html.Append("<section class=\"charts\">\n");
        var charts = new ReportCharts(history);
        foreach (Chart chart in charts.All())
        {
            chart.Write(html);
        }

        html.Append("</section>\n");
        WriteScores(html);
        WriteSamples(html);
        html.Append(CultureInfo.InvariantCulture, $"<section><details><summary>Config</summary><pre>{Encode(description.Config)}</pre></details></section>\n");
        html.Append("</main>\n");
        ReportPage.End(html, stream);
    }

    private void WriteHead(StringBuilder html, RunStatus status)
    {
        string reload = status == RunStatus.Running ? string.Create(CultureInfo.InvariantCulture, $"<meta http-equiv=\"refresh\" content=\"{SecondsToReload}\">\n") : "";
        ReportPage.Begin(html, description.Name, $"<span class=\"status {status}\">{status}</span>", description.Facts, reload);
        if (history.Latest is { TotalSteps: > 0 } step)
        {
            html.Append(CultureInfo.InvariantCulture, $"<div class=\"progress\"><div style=\"width:{100.0 * step.Step / step.TotalSteps:0.#}%\"></div></div>\n");
        }

        html.Append("</header>\n");
    }

    private void WriteTiles(StringBuilder html)
    {
        if (history.Latest is not { } step)
        {
            return;
        }

        html.Append("<section class=\"tiles\">\n");
        ReportPage.Tile(html, "Training loss", Text($"{RunningMean.Of([.. history.Points.Select(point => point.Loss)])[^1]:F4}"), "nats a token");
        if (history.Validation is { Best: var best })
        {
            ReportPage.Tile(html, "Best held-out loss", Text($"{best.ValidationLoss:F4}"), Text($"at step {best.Step:N0}"));
        }

        ReportPage.Tile(html, "Step", Text($"{step.Step:N0}"), step.TotalSteps > 0 ? Text($"of {step.TotalSteps:N0}") : "");
        ReportPage.Tile(html, "Tokens", ChartAxis.Short(step.Tokens), Text($"epoch {step.Epoch + 1}"));
        ReportPage.Tile(html, "Tokens/s", Text($"{step.TokensPerSecond:N0}"), history.ShareOfPeak is { } share ? Text($"{100 * share:F0}% of peak FLOP/s") : "");
        ReportPage.Tile(html, "Training time", LiveView.Duration(step.Seconds), history.SecondsLeft is > 0 and { } left ? $"{LiveView.Duration(left)} left" : "");
        html.Append("</section>\n");
    }

    private void WriteScores(StringBuilder html)
    {
        if (Results is null)
        {
            return;
        }

        html.Append("<section><h2>Validation</h2><div class=\"scroll\"><table><thead><tr><th>scorer<th>nats a token<th>bits a byte<th>targets<th>seconds</thead><tbody>");
        foreach (var (name, report) in Results.Validation)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Encode(name)}<td>{report.Loss:F4}<td>{report.BitsPerByte:F4}<td>{report.Targets:N0}<td>{report.Seconds:F1}");
        }

        html.Append("</tbody></table></div></section>\n");
    }

    private void WriteSamples(StringBuilder html)
    {
        if (Results is null && history.Samples.Count == 0)
        {
            return;
        }

        html.Append("<section><h2>What it writes</h2><div class=\"samples\">\n");
        foreach (string sample in Results?.Samples ?? [])
        {
            Sample(html, "at the end", sample);
        }

        foreach (StepMetrics step in history.Samples.Where(step => step.Step != Results?.Steps).Reverse())
        {
            Sample(html, Text($"after step {step.Step:N0}"), step.Sample!);
        }

        html.Append("</div></section>\n");
    }

    private static void Sample(StringBuilder html, string when, string text) =>
        html.Append(CultureInfo.InvariantCulture, $"<article><h3>{Encode(when)}</h3><pre>{Encode(Printable(text))}</pre></article>\n");

    /// <summary>A young model writes any character; those that no browser shows become a mark.</summary>
    private static string Printable(string text) => string.Concat(text.Select(character => char.IsControl(character) && character is not ('\n' or '\t') ? '\uFFFD' : character));

    private static string Encode(string text) => Chart.Encode(text);

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
