using System.Runtime.Intrinsics;

namespace TinyLM.Tests;

public unsafe class VectorLaneTests
{
    private static readonly float[] OneToSixteen = [.. Enumerable.Range(1, VectorLane.Width).Select(i => (float)i)];

    [Test]
    public void The_first_few_are_stored_and_nothing_after_them([Range(0, VectorLane.Width + 1)] int count)
    {
        float[] target = [.. Enumerable.Repeat(-1f, VectorLane.Width + 1)];
        fixed (float* source = OneToSixteen, destination = target)
        {
            VectorLane.Load(source).StoreFirst(destination, count);
        }

        int stored = Math.Min(count, VectorLane.Width);
        Assert.That(target[..stored], Is.EqualTo(OneToSixteen[..stored]));
        Assert.That(target[stored..], Is.All.EqualTo(-1));
    }

    [Test]
    public void The_first_few_are_loaded_and_the_rest_is_zero_even_where_memory_holds_NaN([Range(0, VectorLane.Width + 1)] int count)
    {
        float[] source = [.. OneToSixteen.Select((value, i) => i < count ? value : float.NaN)], target = new float[VectorLane.Width];
        fixed (float* from = source, to = target)
        {
            VectorLane.LoadFirst(from, count).Store(to);
        }

        Assert.That(target, Is.EqualTo(OneToSixteen.Select((value, i) => i < count ? value : 0)));
    }

    [Test]
    public void Lanes_past_the_first_few_come_from_elsewhere([Values(0, 1, 15, 16)] int count)
    {
        VectorLane selected = VectorLane.SelectFirst(VectorLane.Constant(1), count, VectorLane.Constant(2));
        Assert.That(selected.Sum(), Is.EqualTo(count + 2 * (VectorLane.Width - count)));
    }

    [Test]
    public void A_dual_carries_the_derivative_of_each_function()
    {
        const float x = 0.75f;
        Assert.That(Derivative(Dual<VectorLane>.Exp), Is.EqualTo(Math.Exp(x)).Within(1e-6));
        Assert.That(Derivative(Dual<VectorLane>.Log), Is.EqualTo(1 / x).Within(1e-6));
        Assert.That(Derivative(Dual<VectorLane>.Sqrt), Is.EqualTo(0.5 / Math.Sqrt(x)).Within(1e-6));
        Assert.That(Derivative(Dual<VectorLane>.Tanh), Is.EqualTo(Reference.TanhDerivative(x)).Within(1e-6));
        Assert.That(Derivative(value => Dual<VectorLane>.Constant(3) / value), Is.EqualTo(-3 / (x * x)).Within(1e-5));
        Assert.That(Derivative(value => value * value - value), Is.EqualTo(2 * x - 1).Within(1e-6));
        Assert.That(Derivative(value => Dual<VectorLane>.SelectGreater(value, Dual<VectorLane>.Constant(1), value, -value)), Is.EqualTo(-1));

        static float Derivative(Func<Dual<VectorLane>, Dual<VectorLane>> function) =>
            function(Dual<VectorLane>.Variable(VectorLane.Constant(x))).Derivative.Value[3];
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Tanh_is_good_to_two_in_a_million_down_to_zero(bool vector)
    {
        double worst = 0;
        for (double magnitude = 1e-30; magnitude < 30; magnitude *= 1.01)
        {
            foreach (float x in new[] { (float)magnitude, -(float)magnitude })
            {
                worst = Math.Max(worst, Math.Abs(TanhOf(x, vector) / Math.Tanh(x) - 1));
            }
        }

        Assert.That(worst, Is.InRange(0, 2e-6));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Tanh_is_right_at_the_ends(bool vector)
    {
        Assert.That(TanhOf(0, vector), Is.Zero);
        Assert.That(TanhOf(float.PositiveInfinity, vector), Is.EqualTo(1));
        Assert.That(TanhOf(float.NegativeInfinity, vector), Is.EqualTo(-1));
        Assert.That(TanhOf(float.MaxValue, vector), Is.EqualTo(1));
        Assert.That(TanhOf(float.NaN, vector), Is.NaN);
    }

    private static float TanhOf(float x, bool vector) =>
        vector ? default(Tanh).Apply(new VectorLane(Vector512.Create(x))).Value[7] : default(Tanh).Apply(new ScalarLane(x)).Value;
}
