using System.Runtime.Intrinsics;

namespace TinyLM.Tests.Kernels;

public class VectorMathTests
{
    [Test]
    public void Exp_is_within_one_ulp([Values] bool portable)
    {
        double worst = 0;
        for (int i = 0; i < 100_000; i++)
        {
            float x = -87 + (175 * (i / 100_000f));
            double exact = Math.Exp(x);
            float nearest = (float)exact;
            worst = Math.Max(worst, Math.Abs(Exp(x, portable) - exact) / (MathF.BitIncrement(nearest) - nearest));
        }

        Assert.That(worst, Is.InRange(0, 1), "NUnit takes NaN for less than anything: a range does not");
    }

    [Test]
    public void Exp_is_right_at_the_ends([Values] bool portable)
    {
        Assert.That(Exp(0, portable), Is.EqualTo(1));
        Assert.That(Exp(float.NegativeInfinity, portable), Is.Zero);
        Assert.That(Exp(float.MinValue, portable), Is.Zero);
        Assert.That(Exp(-1e9f, portable), Is.Zero);
        Assert.That(Exp(-104, portable), Is.Zero);
        Assert.That(Exp(-95, portable), Is.EqualTo(Math.Exp(-95)).Within(2e-45));
        Assert.That(Exp(88.7f, portable), Is.EqualTo((float)Math.Exp(88.7f)).Within(1e-6).Percent);
        Assert.That(Exp(89, portable), Is.EqualTo(float.PositiveInfinity));
        Assert.That(Exp(float.MaxValue, portable), Is.EqualTo(float.PositiveInfinity));
        Assert.That(Exp(float.PositiveInfinity, portable), Is.EqualTo(float.PositiveInfinity));
        Assert.That(Exp(float.NaN, portable), Is.NaN);
    }

    [Test]
    public void The_maximum_of_a_vector_is_found_in_every_lane()
    {
        for (int lane = 0; lane < 16; lane++)
        {
            Assert.That(VectorMath.HorizontalMax(Vector512.WithElement(Vector512.Create(-3f), lane, 2)), Is.EqualTo(2));
        }
    }

    private static float Exp(float x, bool portable) =>
        (portable ? VectorMath.ExpPortable(Vector512.Create(x)) : VectorMath.Exp(Vector512.Create(x)))[5];
}
