using Spectre.Console;

namespace TinyLM.Tests.Reporting;

/// <summary>What a terminal shows.</summary>
public class TerminalTests
{
    [TestCase("1 2 3 4 5 6 7 8", 8, "▁▂▃▄▅▆▇█")]
    [TestCase("8 8 1 1 4.5 4.5", 3, "█▁▅")]
    [TestCase("3 3 3", 5, "▁▁▁")]
    [TestCase("1 NaN 8 ∞", 5, "▁█")]
    [TestCase("", 5, "")]
    [TestCase("1 2", 0, "")]
    public void A_sparkline_draws_means_between_the_lowest_and_the_highest(string values, int width, string expected)
    {
        double[] numbers = [.. values.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(value => value == "∞" ? double.PositiveInfinity : double.Parse(value, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.That(Sparkline.Draw(numbers, width), Is.EqualTo(expected));
    }

    [TestCase(0.2, "1 s")]
    [TestCase(59, "59 s")]
    [TestCase(61, "1:01")]
    [TestCase(3599.5, "1:00:00")]
    [TestCase(90_061, "25:01:01")]
    public void A_time_is_read_at_a_glance(double seconds, string expected) => Assert.That(LiveView.Duration(seconds), Is.EqualTo(expected));

    [Test]
    public void The_view_tells_all_in_lines_that_fit([Values(80, 120)] int width, [Values] bool isUnicode, [Values] bool isTimed)
    {
        var history = new RunHistory { PeakFlopsPerSecond = 4e12, SavedStep = 123_000 };
        for (int step = 1; step <= 3; step++)
        {
            history.Add(new StepMetrics(123_400 + step, isTimed ? 0 : 1_000_000, 12.3456, 2.5e-4, 123.456, 1_000_000, 98_765, 1_234_567, 3)
            {
                FlopsPerSecond = 1e12,
                ValidationLoss = 10 + step,
            });
        }

        string[] lines = Draw(history, width, isUnicode);
        string text = string.Join('\n', lines);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines, Has.All.Length.LessThanOrEqualTo(width));
            Assert.That(text, Does.Contain("12.3456").And.Contain("1,234,567 tokens/s").And.Contain("25% of peak").And.Contain("rate 2.5e-4").And.Contain("step 123,000"));
            Assert.That(text, Does.Contain("13.0000 at step 123,403, best 11.0000 at step 123,401"));
            Assert.That(text, isTimed ? Does.Not.Contain(" left") : Does.Contain("12%  step 123,403 of 1,000,000").And.Contain(" left"));
            Assert.That(text.Contains('▁', StringComparison.Ordinal), Is.EqualTo(isUnicode));
        }
    }

    [Test]
    public void Before_the_first_step_the_view_says_so() => Assert.That(Draw(new RunHistory(), 80, isUnicode: true), Is.EqualTo(new[] { "training  the first step …" }));

    [Test]
    public void The_table_of_scores_tells_units_targets_and_seconds()
    {
        using var writer = new StringWriter();
        new TrainingDisplay(Console(writer)).Scores(new Dictionary<string, ScoreSummary>
        {
            ["packed 64"] = new(2.5, 3.25, 1234, 1.5),
            ["strided 64/16"] = new(2.25, 3.125, 1234, 12),
        });
        string[] rows = [.. writer.ToString().Split('\n').Where(line => line.Contains('│', StringComparison.Ordinal)).Select(line => line.Replace('│', ' '))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows[0], Does.Contain("loss (nats/token)").And.Contain("bits/byte").And.Contain("targets").And.Contain("seconds"));
            Assert.That(rows[1], Does.Match(@"packed 64 +2\.5000 +3\.2500 +1,234 +1\.5"));
            Assert.That(rows[2], Does.Match(@"strided 64/16 +2\.2500 +3\.1250 +1,234 +12\.0"));
        }
    }

    [TestCase(3, " 1.1000 |    0.1000 | 0.1000 ± 0.2484 | 1.1000 1.2000 1.0000 | 9 |")]
    [TestCase(1, " 1.1000 | - | 0.1000 | 1.1000 | 9 |")]
    public void The_table_of_a_sweep_compares_each_row_with_the_best_seed_by_seed(int seeds, string expected)
    {
        using var writer = new StringWriter();
        IAnsiConsole console = Console(writer);
        console.Profile.Width = 200;
        double[] best = [1, 1, 1], other = [1.1, 1.2, 1.0];
        SweepTable.Print(console, [new SweepRow(["a=1"], best[..seeds], 10), new SweepRow(["a=2"], other[..seeds], 9)], "packed");
        string[] rows = writer.ToString().Split('\n');
        string Squeezed(string row) => System.Text.RegularExpressions.Regex.Replace(row, " +", " ");
        Assert.That(Squeezed(rows.Single(row => row.Contains("a=2", StringComparison.Ordinal))), Does.Contain(Squeezed(expected)));
    }

    [Test]
    public void A_redirected_run_is_told_in_plain_lines()
    {
        using var writer = new StringWriter();
        var history = new RunHistory { PeakFlopsPerSecond = 1000 };
        new TrainingDisplay(Console(writer)).Train(history, report =>
        {
            for (int step = 1; step <= 4; step++)
            {
                history.Add(RunHistoryTests.Metrics(step) with { TotalSteps = 4, FlopsPerSecond = 250, ValidationLoss = step == 2 ? 1.5 : null });
                report();
            }
        });
        Assert.That(writer.ToString().ReplaceLineEndings("\n"), Is.EqualTo(
            "step 1/4, loss 1.0000, 1,000 tokens/s, 25% of peak, 3 s left\nstep 4/4, loss 4.0000, held out 1.5000 at step 2, 1,000 tokens/s, 25% of peak, 0 s left\n"));
    }

    private static IAnsiConsole Console(StringWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = 1000;
        return console;
    }

    private static string[] Draw(RunHistory history, int width, bool isUnicode)
    {
        using var writer = new StringWriter();
        Console(writer).Write(LiveView.Draw(history, width, isUnicode));
        return [.. writer.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
    }
}
