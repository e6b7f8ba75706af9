namespace TinyLM.Tests;

/// <summary>
/// What every op means: double precision, plain loops, no cleverness. Each op has its value and, derived by hand, its gradient: given
/// dy, the gradients of its inputs in their order. It judges every device, and finite differences judge it.
/// </summary>
public static partial class Reference
{
    public static Matrix Add(Matrix a, Matrix b) => a.Zip(b, (left, right) => left + right);
}
