namespace TinyLM.Tests;

/// <summary>Holds every differentiable op to its reference, on every device, and the reference to finite differences.</summary>
[Category("GradientCheck")]
public class GradientCheckTests
{
    public static IEnumerable<OpCase> SmallCases => OpCases.All.Where(@case => !@case.IsLarge);

    /// <summary>One case an op is enough to show that the comparison sees a wrong gradient.</summary>
    public static IEnumerable<OpCase> OneCaseAnOp => SmallCases.GroupBy(@case => @case.Op).Select(cases => cases.ElementAt(Math.Min(2, cases.Count() - 1)));

    public static IEnumerable<object[]> CasesOnDevices =>
        from device in TestDevices.Names
        from @case in OpCases.All
        where !@case.IsLarge || device == "cpu"
        select new object[] { @case, device };

    [TestCaseSource(nameof(SmallCases))]
    public void The_references_gradient_agrees_with_finite_differences(OpCase @case)
    {
        double[] errors = FiniteDifferences.Errors(@case, @case.Gradient);
        for (int i = 0; i < errors.Length; i++)
        {
            CheckTable.Check(@case.Op, @case.Case, CheckTable.Differences, $"d{@case.Inputs[i].Name}", errors[i], Comparison.DoubleLimit);
        }
    }

    [TestCaseSource(nameof(CasesOnDevices))]
    public void A_device_agrees_with_the_reference(OpCase @case, string device)
    {
        Matrix[] inputs = @case.Values();
        Matrix expected = @case.Forward(inputs), dy = @case.Upstream("dy", expected);
        OpRun run = OpRun.Once(@case, TestDevices.Get(device), inputs, dy);
        CheckTable.Check(@case.Op, @case.Case, device, "y", Comparison.RelativeError(run.Result, expected), Comparison.SingleLimit);
        CheckGradients(@case, device, run, @case.Gradient(inputs, dy));
    }

    [TestCaseSource(nameof(CasesOnDevices))]
    public void Gradients_of_an_input_used_twice_add_up(OpCase @case, string device)
    {
        Matrix[] inputs = @case.Values();
        Matrix once = @case.Forward(inputs), dy = @case.Upstream("dy", once), weights = @case.Upstream("weights", once);
        OpRun run = OpRun.Twice(@case, TestDevices.Get(device), inputs, dy, weights);

        // A gradient is linear in dy, so the sum of two is the gradient of a sum.
        CheckGradients(@case, device, run, @case.Gradient(inputs, dy.Zip(weights, (upstream, weight) => upstream * (1 + weight))));
    }

    [TestCaseSource(nameof(OneCaseAnOp))]
    public void A_wrong_gradient_is_seen(OpCase @case)
    {
        Func<double, double>[] faults = [value => -value, value => 1.01 * value];
        Matrix[] inputs = @case.Values();
        Matrix dy = @case.Upstream("dy", @case.Forward(inputs));
        OpRun run = OpRun.Once(@case, TestDevices.Get("cpu"), inputs, dy);
        foreach (Func<double, double> fault in faults)
        {
            Matrix[] wrong = Array.ConvertAll(@case.Gradient(inputs, dy), gradient => gradient.Map(fault));
            Assert.That(FiniteDifferences.Errors(@case, (_, _) => wrong), Is.All.GreaterThan(1e-3), "against finite differences");
            double[] errors = [.. run.Gradients.Select((gradient, i) => Comparison.RelativeError(gradient, wrong[i]))];
            Assert.That(errors, Is.All.GreaterThan(1e-3), "against a device");
        }
    }

    [TestCaseSource(typeof(OpCases), nameof(OpCases.All))]
    public void Any_number_of_threads_gives_the_same_bits(OpCase @case)
    {
        Matrix[] inputs = @case.Values();
        Matrix dy = @case.Upstream("dy", @case.Forward(inputs));
        OpRun one = OpRun.Once(@case, TestDevices.Cpu(1), inputs, dy);
        foreach (int threads in new[] { 2, 3 })
        {
            OpRun many = OpRun.Once(@case, TestDevices.Cpu(threads), inputs, dy);
            Assert.That(many.Result.AsSpan().SequenceEqual(one.Result), Is.True, $"the result with {threads} threads");
            for (int i = 0; i < inputs.Length; i++)
            {
                Assert.That(many.Gradients[i].AsSpan().SequenceEqual(one.Gradients[i]), Is.True, $"d{@case.Inputs[i].Name} with {threads} threads");
            }
        }
    }

    private static void CheckGradients(OpCase @case, string device, OpRun run, Matrix[] expected)
    {
        for (int i = 0; i < run.Gradients.Length; i++)
        {
            double error = Comparison.RelativeError(run.Gradients[i], expected[i]);
            CheckTable.Check(@case.Op, @case.Case, device, $"d{@case.Inputs[i].Name}", error, Comparison.SingleLimit);
        }
    }
}
