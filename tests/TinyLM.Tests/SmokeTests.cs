namespace TinyLM.Tests;

public class SmokeTests
{
    [Test, Category("GradientCheck")]
    public void One()
    {
        TestContext.Progress.WriteLine("progress line");
        TestContext.Out.WriteLine("out line");
        Assert.That(Environment.ProcessorCount, Is.GreaterThan(0));
    }
}
