namespace TinyLM.Tests.Training;

public class PairedDifferenceTests
{
    /// <summary>Against tables of Student's t.</summary>
    [TestCase(2, 12.7062)]
    [TestCase(3, 4.3027)]
    [TestCase(4, 3.1824)]
    [TestCase(5, 2.7764)]
    [TestCase(11, 2.2281)]
    [TestCase(30, 2.0452)]
    [TestCase(121, 1.9799)]
    public void The_margin_is_Students_t_times_the_standard_error(int seeds, double quantile)
    {
        // Differences from 1 to the number of seeds: what the pairs share, large as it is, has no part in them.
        double[] reference = [.. Enumerable.Range(0, seeds).Select(seed => Math.Sin(seed) * 1000)];
        PairedDifference difference = PairedDifference.Between([.. reference.Select((loss, seed) => loss + seed + 1)], reference);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(difference.Mean, Is.EqualTo((seeds + 1) / 2.0).Within(1e-9));
            Assert.That(difference.Margin, Is.EqualTo(quantile * Math.Sqrt((seeds + 1) / 12.0)).Within(0.01).Percent);
        }
    }

    [Test]
    public void One_seed_has_no_interval_and_a_run_that_diverged_no_difference()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(PairedDifference.Between([3], [1]), Is.EqualTo(new PairedDifference(2, double.NaN)));
            Assert.That(PairedDifference.Between([3, double.NaN], [1, 1]), Is.EqualTo(new PairedDifference(double.NaN, double.NaN)));
        }
    }
}
