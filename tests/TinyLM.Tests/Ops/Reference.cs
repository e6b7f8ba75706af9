namespace TinyLM.Tests;

/// <summary>
/// What every op means: double precision, plain loops, no cleverness. Each op has its value and, derived by hand, its gradient: given
/// dy, the gradients of its inputs in their order. It judges every device, and finite differences judge it.
/// </summary>
public static partial class Reference
{
    private static readonly double RootTwoOverPi = Math.Sqrt(2 / Math.PI);

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    public static double SiluDerivative(double x)
    {
        double sigmoid = 1 / (1 + Math.Exp(-x));
        return sigmoid * (1 + x * (1 - sigmoid));
    }

    public static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(RootTwoOverPi * (x + 0.044715 * x * x * x)));

    public static double GeluDerivative(double x)
    {
        double tanh = Math.Tanh(RootTwoOverPi * (x + 0.044715 * x * x * x));
        return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * RootTwoOverPi * (1 + 3 * 0.044715 * x * x);
    }

    public static double ReluSquared(double x) => x > 0 ? x * x : 0;

    public static double ReluSquaredDerivative(double x) => x > 0 ? 2 * x : 0;

    public static double TanhDerivative(double x) => 1 - Math.Tanh(x) * Math.Tanh(x);

    /// <summary>dx, for y = f(x) element by element.</summary>
    public static Matrix[] UnaryGradient(Func<double, double> derivative, Matrix x, Matrix dy) => [x.Zip(dy, (value, upstream) => derivative(value) * upstream)];

    public static Matrix Add(Matrix a, Matrix b) => a.Zip(b, (left, right) => left + right);

    public static Matrix[] AddGradient(Matrix dy) => [dy, dy];

    public static Matrix Multiply(Matrix a, Matrix b) => a.Zip(b, (left, right) => left * right);

    public static Matrix[] MultiplyGradient(Matrix a, Matrix b, Matrix dy) => [Multiply(dy, b), Multiply(dy, a)];

    public static Matrix SwiGlu(Matrix gate, Matrix up) => gate.Zip(up, (left, right) => Silu(left) * right);

    public static Matrix[] SwiGluGradient(Matrix gate, Matrix up, Matrix dy) =>
        [Multiply(dy, gate.Zip(up, (left, right) => SiluDerivative(left) * right)), Multiply(dy, gate.Map(Silu))];
}
