namespace TinyLM.Tests.Properties;

/// <summary>Cases of generated shapes against the reference.</summary>
internal static class RandomCases
{
    /// <summary>The same case with other random values.</summary>
    public static OpCase Drawn(this OpCase @case, ulong draw) => @case with { Case = $"{@case.Case}, draw {draw}" };

    /// <inheritdoc cref="Drawn(OpCase, ulong)"/>
    public static KernelCase Drawn(this KernelCase @case, ulong draw) => @case with { Case = $"{@case.Case}, draw {draw}" };

    /// <summary>Value and gradients agree with the reference; on the CPU, one and three threads give the same bits as two.</summary>
    public static void Agrees(OpCase @case, string device)
    {
        Matrix[] inputs = @case.Values();
        Matrix dy = @case.Upstream("dy", @case.Forward(inputs));
        OpRun run = OpRun.Once(@case, TestDevices.Get(device), inputs, dy);
        var rounding = new Rounding(x => [@case.Forward(x[..^1]), .. @case.Gradient(x[..^1], x[^1])], [.. inputs, dy]);
        Matrix[] gradients = rounding.Expected[1..(inputs.Length + 1)];
        double flow = Math.Max(Rounding.Norm(dy), 0.1 * Math.Sqrt(gradients.Sum(gradient => Reference.SumOfSquares(gradient)[0, 0])));
        rounding.Check(0, run.Result, "y");
        for (int i = 0; i < inputs.Length; i++)
        {
            rounding.Check(i + 1, run.Gradients[i], $"d{@case.Inputs[i].Name}", flow);
        }

        foreach (Device other in OtherThreads(device))
        {
            SameBits(OpRun.Once(@case, other, inputs, dy), run, other.Description);
        }
    }

    /// <inheritdoc cref="Agrees(OpCase, string)"/>
    public static void Agrees(KernelCase @case, string device)
    {
        Matrix[] inputs = @case.Values();
        float[][] results = KernelTests.Run(@case, TestDevices.Get(device), inputs);
        var rounding = new Rounding(@case.Expected, inputs);
        for (int i = 0; i < results.Length; i++)
        {
            rounding.Check(i, results[i], $"result {i}");
        }

        foreach (Device other in OtherThreads(device))
        {
            Assert.That(KernelTests.Run(@case, other, inputs), Is.EqualTo(results), other.Description);
        }
    }

    public static void SameBits(OpRun seen, OpRun expected, string what)
    {
        Assert.That(SameBits(seen.Result, expected.Result), Is.True, $"the same bits of y: {what}");
        for (int i = 0; i < expected.Gradients.Length; i++)
        {
            Assert.That(SameBits(seen.Gradients[i], expected.Gradients[i]), Is.True, $"the same bits of gradient {i}: {what}");
        }
    }

    /// <summary>Whether all numbers are equal, and none is NaN.</summary>
    public static bool SameBits(ReadOnlySpan<float> seen, ReadOnlySpan<float> expected) => seen.SequenceEqual(expected) && !seen.Contains(float.NaN);

    private static IEnumerable<Device> OtherThreads(string device) => device == "cpu" ? [TestDevices.Cpu(1), TestDevices.Cpu(3)] : [];
}
