using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>After the properties of ops, which alone are to make up the number.</summary>
[Category("Properties")]
[DependsOnFixture(typeof(OpProperties), AllowFailure = true)]
public class PropertyCountTests
{
    private const int LeastCases = 2000;

    [Test]
    public void A_run_tries_at_least_2000_cases_on_the_CPU()
    {
        TestContext.Out.WriteLine(PropertyCounts.Text());
        long least = LeastCases * Math.Min(Property.UsualIterations, Check.Iter) / Property.UsualIterations;
        Assert.That(PropertyCounts.On("cpu"), Is.AtLeast(least), "cases so far; run the whole category");
    }
}
