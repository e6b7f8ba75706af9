namespace TinyLM.Peers;

/// <summary>A quantity that both sides computed.</summary>
/// <param name="Subject">The op or model.</param>
/// <param name="Case">Its shapes and options, or the tensor of the model.</param>
/// <param name="Quantity">Which of the results: "y", "dx".</param>
/// <param name="Error">‖ours - libtorch's‖ / ‖libtorch's‖.</param>
/// <param name="Limit">The most that it may be.</param>
internal sealed record Measurement(string Subject, string Case, string Quantity, double Error, double Limit)
{
    public bool IsRight => Error <= Limit;

    /// <summary>How much of its limit the error takes.</summary>
    public double Share => Error / Limit;

    /// <summary>An op's value and the gradients of its inputs, from the same inputs and the same upstream gradient.</summary>
    public static IEnumerable<Measurement> Of(OpCase @case, Device device)
    {
        Matrix[] inputs = @case.Values();
        Matrix y = @case.Forward(inputs), dy = @case.Upstream("dy", y);
        Matrix[] gradients = @case.Gradient(inputs, dy);
        OpRun run = OpRun.Once(@case, device, inputs, dy);
        yield return new Measurement(@case.Op, @case.Case, "y", Comparison.RelativeError(run.Result, y), Comparison.SingleLimit);
        for (int i = 0; i < gradients.Length; i++)
        {
            double error = Comparison.RelativeError(run.Gradients[i], gradients[i]);
            yield return new Measurement(@case.Op, @case.Case, $"d{@case.Inputs[i].Name}", error, Comparison.SingleLimit);
        }
    }

    /// <summary>What an optimiser makes of its values.</summary>
    public static Measurement Of(KernelCase @case, Device device)
    {
        Matrix[] inputs = @case.Values();
        double error = Comparison.RelativeError(KernelTests.Run(@case, device, inputs)[0], @case.Expected(inputs)[0]);
        return new Measurement(@case.Op, @case.Case, @case.Inputs[0].Name, error, @case.Limit);
    }
}
