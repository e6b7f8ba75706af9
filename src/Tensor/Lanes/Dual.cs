using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>
/// A value and its derivative (forward-mode differentiation). A formula instantiated with it computes its own derivative, on
/// every device, so nobody writes one by hand.
/// </summary>
public readonly struct Dual<T> : ILane<Dual<T>>
    where T : struct, ILane<T>
{
    public readonly T Value;
    public readonly T Derivative;

    public Dual(T value, T derivative)
    {
        (Value, Derivative) = (value, derivative);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> operator +(Dual<T> left, Dual<T> right) => new(left.Value + right.Value, left.Derivative + right.Derivative);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> operator -(Dual<T> left, Dual<T> right) => new(left.Value - right.Value, left.Derivative - right.Derivative);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> operator *(Dual<T> left, Dual<T> right) =>
        new(left.Value * right.Value, left.Derivative * right.Value + left.Value * right.Derivative);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> operator /(Dual<T> left, Dual<T> right)
    {
        T quotient = left.Value / right.Value;
        return new(quotient, (left.Derivative - quotient * right.Derivative) / right.Value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> operator -(Dual<T> value) => new(-value.Value, -value.Derivative);

    /// <summary>The variable itself: derivative 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Variable(T value) => new(value, T.One);

    /// <summary>A value that the formula is not differentiated by: derivative 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Fixed(T value) => new(value, T.Constant(0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Constant(float value) => Fixed(T.Constant(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Exp(Dual<T> x)
    {
        T value = T.Exp(x.Value);
        return new(value, value * x.Derivative);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Log(Dual<T> x) => new(T.Log(x.Value), x.Derivative / x.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Sqrt(Dual<T> x)
    {
        T root = T.Sqrt(x.Value);
        return new(root, T.Constant(0.5f) * x.Derivative / root);
    }

    /// <summary>dσ = σ(1 - σ): the quotient's own derivative would be ∞/∞ where the exponential overflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Sigmoid(Dual<T> x)
    {
        T value = T.Sigmoid(x.Value);
        return new(value, value * (T.One - value) * x.Derivative);
    }

    /// <summary>d tanh = 1 - tanh²: shorter than differentiating the formula of the lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Tanh(Dual<T> x)
    {
        T value = T.Tanh(x.Value);
        return new(value, (T.One - value * value) * x.Derivative);
    }

    /// <summary>d|x| = ±1, and 0 at 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Abs(Dual<T> x)
    {
        T zero = T.Constant(0);
        T slope = T.SelectGreater(x.Value, zero, x.Derivative, T.SelectGreater(zero, x.Value, -x.Derivative, zero));
        return new(T.Abs(x.Value), slope);
    }

    /// <summary>d xᵖ = p·xᵖ⁻¹, also where the logarithm of the lane's formula has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Pow(Dual<T> x, float exponent) =>
        exponent == 0 ? Fixed(T.One) : new(T.Pow(x.Value, exponent), T.Constant(exponent) * T.Pow(x.Value, exponent - 1) * x.Derivative);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> Softplus(Dual<T> x) => new(T.Softplus(x.Value), T.Sigmoid(x.Value) * x.Derivative);

    /// <summary>dΦ = φ, the normal density.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> NormalCdf(Dual<T> x) => new(
        T.NormalCdf(x.Value),
        T.Constant(0.39894228f) * T.Exp(T.Constant(-0.5f) * x.Value * x.Value) * x.Derivative);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<T> SelectGreater(Dual<T> left, Dual<T> right, Dual<T> greater, Dual<T> otherwise) => new(
        T.SelectGreater(left.Value, right.Value, greater.Value, otherwise.Value),
        T.SelectGreater(left.Value, right.Value, greater.Derivative, otherwise.Derivative));
}
