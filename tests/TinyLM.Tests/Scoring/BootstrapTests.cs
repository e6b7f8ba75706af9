namespace TinyLM.Tests;

public class BootstrapTests
{
    /// <summary>Documents of random lengths whose differences have a known mean: about 95 of 100 intervals must hold it.</summary>
    [Test]
    public void An_interval_holds_the_true_mean_as_often_as_it_says()
    {
        const int Experiments = 200, Documents = 80;
        const double Mean = 0.3;
        int held = 0;
        for (int experiment = 0; experiment < Experiments; experiment++)
        {
            var random = new Philox((ulong)experiment, Philox.Purpose("test bootstrap"));
            double[] targets = [.. Enumerable.Range(0, Documents).Select(i => Math.Floor(5 + 50 * random.Uniform((ulong)i)))];
            double[] differences = [.. targets.Select((count, i) => count * Mean + 3 * Math.Sqrt(count) * random.Normal((ulong)(Documents + i)))];
            ConfidenceInterval interval = Bootstrap.OfRatio(differences, targets, resamples: 400, seed: (ulong)experiment);
            held += interval.Low <= Mean && Mean <= interval.High ? 1 : 0;
        }

        Assert.That((double)held / Experiments, Is.InRange(0.90, 0.98));
    }

    [Test]
    public void The_same_seed_gives_the_same_bits_and_another_one_others()
    {
        double[] targets = [3, 5, 8, 2, 9], differences = [1, -2, 0.5, 0.25, 4];
        ConfidenceInterval interval = Bootstrap.OfRatio(differences, targets, seed: 1);
        Assert.That(Bootstrap.OfRatio(differences, targets, seed: 1), Is.EqualTo(interval));
        Assert.That(Bootstrap.OfRatio(differences, targets, resamples: 50, seed: 2), Is.Not.EqualTo(Bootstrap.OfRatio(differences, targets, resamples: 50, seed: 1)));
    }

    [Test]
    public void Documents_of_one_ratio_leave_no_doubt_and_those_without_targets_change_nothing()
    {
        ConfidenceInterval interval = Bootstrap.OfRatio([2, 0, 4, 0, 8], [1, 0, 2, 0, 4]);
        Assert.That(interval, Is.EqualTo(new ConfidenceInterval(2, 2)));
        Assert.That(Bootstrap.OfRatio([1, 0, 5, 2], [2, 0, 3, 4]), Is.EqualTo(Bootstrap.OfRatio([1, 5, 2], [2, 3, 4])));
    }

    [Test]
    public void One_document_tells_of_no_interval()
    {
        Assert.That(double.IsNaN(Bootstrap.OfRatio([1, 0], [2, 0]).Low));
        Assert.That(Bootstrap.OfRatio([], []).ExcludesZero, Is.False);
    }
}
