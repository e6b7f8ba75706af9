namespace TinyLM.Tests.Reporting;

public class RunHistoryTests
{
    [Test]
    public void A_run_of_any_length_takes_bounded_memory_and_loses_neither_its_means_nor_its_end([Values(1, 5, 1023, 1024, 1025, 50_000)] int steps)
    {
        var history = new RunHistory();
        for (int step = 1; step <= steps; step++)
        {
            history.Add(Metrics(step) with { Phases = new PhaseSeconds(0, 1, 2, 0, 0, 0) });
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(history.Points.Count, Is.LessThanOrEqualTo(1024).And.GreaterThanOrEqualTo(Math.Min(steps, 512)));
            Assert.That(history.Points.Sum(point => point.Steps), Is.EqualTo(steps));
            Assert.That(history.Points.Sum(point => point.Steps * point.Loss) / steps, Is.EqualTo((steps + 1) / 2.0).Within(1e-9 * steps));
            Assert.That(history.Points[^1].Step, Is.EqualTo(steps));
            Assert.That(history.Points, Is.Ordered.By(nameof(HistoryPoint.Step)));
            Assert.That(history.Phases, Is.EqualTo(new PhaseSeconds(0, steps, 2 * steps, 0, 0, 0)));
            Assert.That(history.Latest!.Value.Step, Is.EqualTo(steps));
        }
    }

    [Test]
    public void Samples_are_few_and_the_last_one_is_among_them()
    {
        var history = new RunHistory();
        for (int step = 1; step <= 100; step++)
        {
            history.Add(Metrics(step) with { Sample = $"text {step}" });
        }

        Assert.That(history.Samples, Has.Count.InRange(4, 9));
        Assert.That(history.Samples[^1].Sample, Is.EqualTo("text 100"));
    }

    [Test]
    public void The_best_of_validation_and_the_time_left_are_told()
    {
        var history = new RunHistory { PeakFlopsPerSecond = 1000 };
        Assert.That((history.Validation, history.SecondsLeft, history.ShareOfPeak), Is.EqualTo(((ValueTuple<StepMetrics, StepMetrics>?)null, (double?)null, (double?)null)));
        history.Add(Metrics(1) with { ValidationLoss = 3 });
        history.Add(Metrics(2) with { ValidationLoss = 2 });
        history.Add(Metrics(3) with { ValidationLoss = 2.5, FlopsPerSecond = 250 });
        history.Add(Metrics(4) with { TotalSteps = 10, Seconds = 8, FlopsPerSecond = 250, Phases = new PhaseSeconds(0, 0, 0, 0, 3, 1) });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(history.Validation!.Value.Best.Step, Is.EqualTo(2));
            Assert.That(history.Validation!.Value.Latest.Step, Is.EqualTo(3));
            Assert.That(history.SecondsLeft, Is.EqualTo(6 * (8.0 + 3 + 1) / 4).Within(1e-9));
            Assert.That(history.ShareOfPeak, Is.EqualTo(0.25));
        }
    }

    internal static StepMetrics Metrics(long step) => new(step, 0, step, 0.001, 0.5, 100 * step, step, 1000, 0);
}
