using System.Text;

namespace TinyLM.Tests.Reporting;

public class MetricsLogTests
{
    [Test]
    public void Metrics_survive_the_way_there_and_back()
    {
        using var folder = new TemporaryFolder();
        StepMetrics step = RunHistoryTests.Metrics(1) with
        {
            Loss = 1.0 / 3,
            LayerNorms = new Dictionary<string, double> { ["embedding"] = 0.5, ["blocks.0"] = double.PositiveInfinity },
            ValidationLoss = 2.5,
            Sample = "two\nlines, “quotes” and \u0001",
            Phases = new PhaseSeconds(1, 2, 3, 4, 5, 6),
        };
        using (var log = new MetricsLog(folder.File("metrics.jsonl"), 0))
        {
            log.Add(step);
            log.Add(RunHistoryTests.Metrics(2));
        }

        StepMetrics[] read = [.. MetricsLog.Read(folder.File("metrics.jsonl"))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(File.ReadAllLines(folder.File("metrics.jsonl")), Has.Length.EqualTo(2).And.All.StartsWith("{\"step\":"));
            Assert.That(read[0].LayerNorms, Is.EqualTo(step.LayerNorms));
            Assert.That(read[0] with { LayerNorms = null }, Is.EqualTo(step with { LayerNorms = null }));
            Assert.That(read[1], Is.EqualTo(RunHistoryTests.Metrics(2)));
        }
    }

    [Test]
    public void A_resumed_log_drops_the_steps_that_are_taken_again_and_a_line_that_a_kill_cut_short()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("metrics.jsonl");
        using (var log = new MetricsLog(path, 0))
        {
            for (int step = 1; step <= 5; step++)
            {
                log.Add(RunHistoryTests.Metrics(step));
            }
        }

        string whole = File.ReadAllText(path);
        File.WriteAllText(path, whole[..^20]);
        Assert.That(MetricsLog.Read(path).Select(step => step.Step), Is.EqualTo(new[] { 1, 2, 3, 4 }));
        var kept = new List<long>();
        using (var log = new MetricsLog(path, 3, step => kept.Add(step.Step)))
        {
            log.Add(RunHistoryTests.Metrics(4));
        }

        Assert.That(kept, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(MetricsLog.Read(path).Select(step => step.Step), Is.EqualTo(new[] { 1, 2, 3, 4 }));
    }

    public static IEnumerable<TestCaseData> Malformed()
    {
        string first = """{"step":1,"loss":2}""";
        yield return Case("nothing", "");
        yield return Case("no line end", first);
        yield return Case("no JSON", "what is this?\n");
        yield return Case("a list", "[1,2,3]\n");
        yield return Case("a wrong type", """{"step":"one"}""" + "\n");
        yield return Case("a step of 40 digits", $$"""{"step":{{new string('9', 40)}}}""" + "\n");
        yield return Case("NUL bytes", new string('\0', 100) + "\n");
        yield return Case("half a character", "{\"sample\":\"\u00e4"[..^1] + "\n");
        yield return Case("brackets in brackets", new string('[', 10_000) + "\n");
        yield return Case("a line of ten megabytes", new string('x', 10_000_000) + "\n");

        static TestCaseData Case(string name, string text) => new TestCaseData(text).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Malformed))]
    public void What_is_no_line_of_ours_ends_the_list_with_little_memory(string text)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("metrics.jsonl", Encoding.UTF8.GetBytes("{\"step\":1}\n" + text));
        long before = GC.GetAllocatedBytesForCurrentThread();
        long[] steps = [.. MetricsLog.Read(path).Select(step => step.Step)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(steps, Is.EqualTo(new[] { 1 }));
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(3 << 20));
        }
    }

    [Test]
    public void What_cannot_be_read_or_written_costs_one_line()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("metrics.jsonl"));
        using (Assert.EnterMultipleScope())
        {
            UserErrors.Expect(() => _ = new MetricsLog(folder.File("metrics.jsonl"), 0), UserException.World, "metrics.jsonl: cannot be written");
            UserErrors.Expect(() => _ = MetricsLog.Read(folder.File("metrics.jsonl")).Count(), UserException.World, "metrics.jsonl: may not be read");
            UserErrors.ExpectMistake(() => _ = MetricsLog.Read(folder.File("absent")).Count(), "absent: no such file");
            UserErrors.Expect(() => _ = new MetricsLog(folder.File("absent/metrics.jsonl"), 0), UserException.World, "its folder does not exist");
        }
    }

    [Test, Platform(Include = "Linux")]
    public void A_full_disk_costs_one_line()
    {
        using var folder = new TemporaryFolder();
        var full = new Checkpoints.FaultyFiles { FailAt = 5, Fault = () => new IOException("No space left on device", 28) };
        using var log = new MetricsLog(folder.File("metrics.jsonl"), 0, kept: null, full);
        UserErrors.Expect(() => log.Add(RunHistoryTests.Metrics(1)), UserException.World, "metrics.jsonl: cannot be written: the disk is full");
    }
}
