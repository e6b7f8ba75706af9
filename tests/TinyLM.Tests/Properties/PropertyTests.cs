using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>How a property that fails is reported.</summary>
[Category("Properties")]
public class PropertyTests
{
    private static readonly Gen<int[]> Lengths = Draws.Lengths(100);
    private string? _seed;

    /// <summary>A run that replays a seed is no concern of these tests.</summary>
    [SetUp]
    public void PutTheSeedAside() => (_seed, Check.Seed) = (Check.Seed, null);

    [TearDown]
    public void PutTheSeedBack() => Check.Seed = _seed;

    [Test]
    public void A_failing_case_is_made_small_and_its_seed_replays_it()
    {
        int failures = 0;
        CsCheckException fault = Assert.Throws<CsCheckException>(() => Property.Sample(Lengths, NoDocumentIsLongerThan16, cases: 100, shrinkingSeconds: 1));
        Assert.That(fault.Message, Does.EndWith("\n[17]"), "the smallest of all");
        Assert.That(fault.InnerException, Is.InstanceOf<AssertionException>());
        Assert.That(failures, Is.GreaterThan(1), "larger cases failed first");
        string seed = Property.SeedOf(fault);
        int[]? replayed = null;
        Lengths.Sample(lengths => replayed = lengths, seed: seed, iter: 1, threads: 1);
        Assert.That(replayed, Is.EqualTo(new[] { 17 }));

        void NoDocumentIsLongerThan16(int[] lengths)
        {
            failures += lengths.Max() > 16 ? 1 : 0;
            Assert.That(lengths, Is.All.AtMost(16));
        }
    }

    /// <summary>As the variable CsCheck_Seed does, which CsCheck reads into this property.</summary>
    [Test]
    public void A_seed_from_outside_is_the_first_case_of_a_property()
    {
        CsCheckException fault = Assert.Throws<CsCheckException>(
            () => Property.Sample(Lengths, lengths => Assert.That(lengths.Sum(), Is.AtMost(40)), cases: 100, shrinkingSeconds: 1));
        Check.Seed = Property.SeedOf(fault);
        var seen = new List<int>();
        Property.Sample(Lengths, lengths => seen.Add(lengths.Sum()), cases: 5);
        Assert.That(seen, Has.Count.EqualTo(5));
        Assert.That(seen[0], Is.GreaterThan(40));
    }
}
