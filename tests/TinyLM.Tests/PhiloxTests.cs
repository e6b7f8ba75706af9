namespace TinyLM.Tests;

public class PhiloxTests
{
    /// <summary>
    /// The known answers of Random123 (kat_vectors, philox4x32 of 10 rounds). Our counter is the lower two words of theirs, our purpose the
    /// upper two, our seed their key.
    /// </summary>
    [TestCase(0UL, 0UL, 0UL, 0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U)]
    [TestCase(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, 0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU)]
    [TestCase(0x299f31d0_a4093822UL, 0x03707344_13198a2eUL, 0x85a308d3_243f6a88UL, 0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U)]
    public void The_known_answers_come_out(ulong seed, ulong purpose, ulong counter, uint x, uint y, uint z, uint w)
    {
        Assert.That(new Philox(seed, purpose).Block(counter), Is.EqualTo((x, y, z, w)));
    }

    [Test]
    public void Two_purposes_share_no_numbers()
    {
        Philox one = new(7, Philox.Purpose("weights")), other = new(7, Philox.Purpose("dropout"));
        Assert.That(Enumerable.Range(0, 100).Select(i => one.Bits((ulong)i)).Intersect(Enumerable.Range(0, 100).Select(i => other.Bits((ulong)i))), Is.Empty);
    }

    [Test]
    public void Uniform_numbers_fill_the_unit_interval()
    {
        double[] values = Draw((random, i) => random.Uniform(i));
        Assert.That(values, Is.All.InRange(0, 1).And.All.LessThan(1));
        Assert.That(values.Average(), Is.EqualTo(0.5).Within(0.01));
        Assert.That(values.Average(value => value * value), Is.EqualTo(1.0 / 3).Within(0.01));
    }

    [Test]
    public void Normal_numbers_have_the_moments_of_the_normal_distribution()
    {
        double[] values = Draw((random, i) => random.Normal(i));
        Assert.That(values.Average(), Is.Zero.Within(0.03));
        Assert.That(values.Average(value => value * value), Is.EqualTo(1).Within(0.04));
        Assert.That(values.Average(value => Math.Pow(value, 4)), Is.EqualTo(3).Within(0.3));
    }

    [Test]
    public void A_permutation_holds_every_number_once([Values(0, 1, 2, 1000)] int count)
    {
        int[] order = new Philox(3, 4).Permutation(count);
        Assert.That(order.Order(), Is.EqualTo(Enumerable.Range(0, count)));
    }

    [Test]
    public void Every_order_of_three_is_as_likely()
    {
        var random = new Philox(3, 4);
        IEnumerable<int> counts = Enumerable.Range(0, 6000).GroupBy(i => string.Concat(random.Permutation(3, (ulong)i * 3))).Select(group => group.Count()).ToArray();
        Assert.That(counts.Count(), Is.EqualTo(6));
        Assert.That(counts, Is.All.InRange(850, 1150));
    }

    private static double[] Draw(Func<Philox, ulong, double> next)
    {
        var random = new Philox(1, Philox.Purpose("test"));
        return [.. Enumerable.Range(0, 20_000).Select(i => next(random, (ulong)i))];
    }
}
