namespace TinyLM.Tests;

/// <summary>As <see cref="OpCase"/>, for a kernel that is not on a tape: from tensors to the tensors it writes.</summary>
public sealed record KernelCase(
    string Op, string Case, OpInput[] Inputs, Func<Device, Tensor[], Tensor[]> Run, Func<Matrix[], Matrix[]> Expected)
{
    /// <inheritdoc cref="OpCase.IsLarge"/>
    public bool IsLarge { get; init; }

    /// <summary>The most that a device's relative error may be.</summary>
    public double Limit { get; init; } = Comparison.SingleLimit;

    public Matrix[] Values() => Array.ConvertAll(Inputs, input => input.Values(ToString()));

    public override string ToString() => $"{Op} {Case}";
}
