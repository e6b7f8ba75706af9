using System.Text;
using System.Text.RegularExpressions;

namespace TinyLM.Tests.Reporting;

public class RunReportTests
{
    private static readonly RunDescription Description = new("<b>tiny</b> & co", [("Corpus", "names <100>")], """{"seed": "<1>"}""", PeakFlopsPerSecond: 4000);

    [Test]
    public void The_page_is_one_file_of_its_own_and_shows_what_the_run_is_about()
    {
        string html = Write(History(300), RunStatus.Running);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(html, Does.Not.Match(@"https?://|<link|\bsrc=|@import|url\("), "nothing comes from outside");
            Assert.That(Regex.Matches(html, "<h3>([^<]+)</h3><span>").Select(match => match.Groups[1].Value), Is.EqualTo(new[]
            {
                "Loss over tokens", "Loss over training time", "Learning rate", "Gradient norm by layer", "Time by phase",
            }));
            Assert.That(html, Does.Contain("prefers-color-scheme: dark").And.Contain("width=device-width"));
            Assert.That(html, Does.Contain("25% of peak FLOP/s").And.Contain("of 1,000").And.Contain("after step 300"));
            Assert.That(Regex.Count(html, "<path class=\"area"), Is.EqualTo(4));
            Assert.That(html, Does.Contain("backward <b>40.0%</b>").And.Contain("checkpoint <b>10.0%</b>"));
        }
    }

    [Test]
    public void What_others_wrote_is_text_and_never_markup()
    {
        var history = new RunHistory();
        history.Add(RunHistoryTests.Metrics(1) with { Sample = "<script>alert(1)</script>\u0000\u001b[31m\ud800 &amp;" });
        string html = Write(history, RunStatus.Stopped);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(html, Does.Contain("&lt;b&gt;tiny&lt;/b&gt; &amp; co").And.Contain("names &lt;100&gt;"));
            Assert.That(html, Does.Contain("&lt;script&gt;alert(1)&lt;/script&gt;\uFFFD\uFFFD[31m"));
            Assert.That(Regex.Count(html, "<script>"), Is.EqualTo(1), "the page's own");
            Assert.That(html, Does.Not.Match(@"[\u0000-\u0008\u000b-\u001f]"));
        }
    }

    [Test]
    public void It_loads_itself_again_only_while_the_run_goes([Values] RunStatus status)
    {
        string html = Write(History(3), status);
        Assert.That(html.Contains("http-equiv=\"refresh\"", StringComparison.Ordinal), Is.EqualTo(status == RunStatus.Running));
        Assert.That(html, Does.Contain($"<span class=\"status {status}\">{status}</span>"));
    }

    /// <summary>Before the first step; one step; values that are no numbers; all equal: no chart may fail or write a NaN where a browser expects a number.</summary>
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void It_can_be_written_at_any_time(int steps)
    {
        var history = new RunHistory();
        for (int step = 1; step <= steps; step++)
        {
            history.Add(RunHistoryTests.Metrics(1) with
            {
                Step = step,
                Loss = step == 1 ? double.NaN : 3,
                GradientNorm = double.PositiveInfinity,
                LayerNorms = new Dictionary<string, double> { ["blocks.0"] = 0, ["head"] = double.NaN },
                ValidationLoss = 3,
            });
        }

        Assert.That(Write(history, RunStatus.Running), Does.EndWith("</html>\n").And.Not.Match(@"[ML""][^""<>]*(NaN|∞|Infinity)[^<>]*""/>"));
    }

    [Test]
    public void A_long_run_has_a_page_of_the_same_size()
    {
        int shortPage = Write(History(2_000), RunStatus.Running).Length, longPage = Write(History(40_000), RunStatus.Running).Length;
        Assert.That(longPage, Is.LessThan(1.5 * shortPage).And.LessThan(400_000));
    }

    [TestCase(0, 1000, "0 200 400 600 800 1,000")]
    [TestCase(0, 460_800, "0 100k 200k 300k 400k")]
    [TestCase(0, 3.1e9, "0 500M 1B 1.5B 2B 2.5B 3B")]
    [TestCase(0, 3, "0 1 2 3")]
    [TestCase(0, 1999, "0 500 1,000 1,500 2,000")]
    public void A_count_s_axis_has_round_numbers(double low, double high, string expected) => Assert.That(Labels(ChartAxisKind.Count, low, high), Is.EqualTo(expected));

    [TestCase(0, 100, "0 30 s 1:00 1:30")]
    [TestCase(0, 7200, "0 30:00 1:00:00 1:30:00 2:00:00")]
    public void A_time_s_axis_has_times_that_people_use(double low, double high, string expected) => Assert.That(Labels(ChartAxisKind.Seconds, low, high), Is.EqualTo(expected));

    [TestCase(0.02, 3.9, "0.01 0.03 0.1 0.3 1 3 10")]
    [TestCase(0.5, 0.6, "0.5 1")]
    public void A_logarithm_s_axis_has_decades(double low, double high, string expected) => Assert.That(Labels(ChartAxisKind.Logarithm, low, high), Is.EqualTo(expected));

    private static string Labels(ChartAxisKind kind, double low, double high)
    {
        var axis = ChartAxis.Over(kind, low, high, 5);
        Assert.That(axis.Ticks.Select(axis.Place), Has.All.InRange(-1e-9, 1.01));
        return string.Join(' ', axis.Ticks.Select(axis.Label));
    }

    private static RunHistory History(int steps)
    {
        var history = new RunHistory { PeakFlopsPerSecond = Description.PeakFlopsPerSecond };
        for (int step = 1; step <= steps; step++)
        {
            history.Add(new StepMetrics(step, 1000, 4 - Math.Log10(step) + 0.1 * Math.Sin(step * step), 1e-3, 1.0 / step, 512L * step, 0.1 * step, 5120, 0)
            {
                FlopsPerSecond = 1000,
                Phases = new PhaseSeconds(0.1, 0.2, 0.4, 0.1, 0.1, 0.1),
                LayerNorms = step % 10 == 0 ? new Dictionary<string, double> { ["embedding"] = 0.1, ["blocks.0"] = 0.2, ["blocks.1"] = 0.3, ["norm"] = 0.01 } : null,
                ValidationLoss = step % 50 == 0 ? 3 : null,
                Sample = step % 50 == 0 ? "text" : null,
            });
        }

        return history;
    }

    private static string Write(RunHistory history, RunStatus status)
    {
        using var stream = new MemoryStream();
        new RunReport(Description, history).Write(stream, status);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
