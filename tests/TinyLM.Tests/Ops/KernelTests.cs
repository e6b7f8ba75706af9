namespace TinyLM.Tests;

/// <summary>Holds the kernels that are not on a tape to the reference, on every device; and every op to its error messages.</summary>
public class KernelTests
{
    public static IEnumerable<object[]> CasesOnDevices =>
        from device in TestDevices.Names
        from @case in KernelCases.All
        where !@case.IsLarge || device == "cpu"
        select new object[] { @case, device };

    [TestCaseSource(nameof(CasesOnDevices))]
    public void A_device_agrees_with_the_reference(KernelCase @case, string device)
    {
        Matrix[] inputs = @case.Values(), expected = @case.Expected(inputs);
        float[][] results = Run(@case, TestDevices.Get(device), inputs);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Comparison.RelativeError(results[i], expected[i]);
            CheckTable.Check(@case.Op, @case.Case, device, expected.Length == 1 ? "y" : $"y{i}", error, @case.Limit);
        }
    }

    [TestCaseSource(typeof(KernelCases), nameof(KernelCases.All))]
    public void Any_number_of_threads_gives_the_same_bits(KernelCase @case)
    {
        Matrix[] inputs = @case.Values();
        float[][] one = Run(@case, TestDevices.Cpu(1), inputs);
        foreach (int threads in new[] { 2, 3 })
        {
            float[][] many = Run(@case, TestDevices.Cpu(threads), inputs);
            for (int i = 0; i < one.Length; i++)
            {
                Assert.That(many[i].AsSpan().SequenceEqual(one[i]), Is.True, $"result {i} with {threads} threads");
            }
        }
    }

    [TestCaseSource(typeof(ErrorCases), nameof(ErrorCases.All))]
    public void A_wrong_use_is_refused_in_one_clear_line(ErrorCase @case)
    {
        using Tape tape = TestDevices.Get("cpu").BeginTape();
        Assert.That(() => @case.Use(tape), Throws.InstanceOf<ArgumentException>().With.Message.Contains(@case.Message));
    }

    [Test]
    public void A_gpu_is_there_or_the_reason_is_given()
    {
        if (TestDevices.WhyNoCuda is { } reason)
        {
            Assert.Ignore($"{reason} ({TestDevices.RequireCuda}=1 makes this a failure.)");
        }

        Assert.That(TestDevices.Get("cuda").Description, Is.Not.Empty);
    }

    [Test]
    public void A_poisoned_step_has_nothing_but_NaN([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        using Tape tape = TestDevices.Get(device).BeginPoisonedTape();
        Assert.That(tape.Allocate(33, 17).ToArray(), Is.All.NaN);
        Assert.That(tape.Allocate(300, 300).ToArray(), Is.All.NaN);
    }

    [TestCase(new[] { 1, 2.00003f }, false)]
    [TestCase(new[] { 1, 2.00001f }, true)]
    [TestCase(new[] { 1, float.NaN }, false)]
    [TestCase(new[] { float.PositiveInfinity, 2 }, false)]
    [TestCase(new[] { 1f }, false)]
    public void The_comparison_passes_what_is_close_and_no_NaN(float[] seen, bool passes)
    {
        Assert.That(Comparison.RelativeError(seen, new Matrix(1, 2, [1, 2])) <= Comparison.SingleLimit, Is.EqualTo(passes));
    }

    internal static float[][] Run(KernelCase @case, Device device, Matrix[] inputs)
    {
        using Tape tape = device.BeginPoisonedTape();
        tape.AssertPoisoned();
        Tensor[] tensors = [.. inputs.Select((input, i) => OpRun.Place(tape, input, @case.Inputs[i].Name))];
        float[][] results = Array.ConvertAll(@case.Run(device, tensors), result => result.ToArray());
        return results;
    }
}
