namespace TinyLM.Tests;

/// <summary>
/// The declaration of a differentiable op with one choice of shapes, from which all its checks come: on the tape, and what the reference
/// says to its value and its gradients.
/// </summary>
/// <param name="Op">The op.</param>
/// <param name="Case">The shapes and options, in words.</param>
/// <param name="Inputs">Its differentiable inputs.</param>
/// <param name="Function">The op on a tape.</param>
/// <param name="Forward">Its value by the reference.</param>
/// <param name="Gradient">By the reference: from the inputs and dy, the gradients of the inputs; more than there are inputs may come back.</param>
public sealed record OpCase(
    string Op, string Case, OpInput[] Inputs, Func<Tape, Variable[], Variable> Function, Func<Matrix[], Matrix> Forward, Func<Matrix[], Matrix, Matrix[]> Gradient)
{
    /// <summary>For several threads only: too large for an interpreter and for finite differences.</summary>
    public bool IsLarge { get; init; }

    /// <summary>The op with a weight in bfloat16, where it takes one.</summary>
    public BFloat16Variant? BFloat16 { get; init; }

    public Matrix[] Values() => Array.ConvertAll(Inputs, input => input.Values(ToString()));

    /// <summary>Random values in the shape of the result: its upstream gradient, or weights.</summary>
    public Matrix Upstream(string name, Matrix result) => new OpInput(name, result.Rows, result.Columns).Values(ToString());

    public override string ToString() => $"{Op} {Case}";
}

/// <summary>An op with one of its inputs in bfloat16.</summary>
/// <param name="Input">Which of the inputs is rounded.</param>
/// <param name="Function">The op on a tape, from the same float32 inputs; their gradients are float32 all the same.</param>
public sealed record BFloat16Variant(int Input, Func<Tape, Variable[], Variable> Function);
