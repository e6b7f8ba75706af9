using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>
/// A number that a formula is written in once: one float in a GPU thread (<see cref="ScalarLane"/>), sixteen in a CPU register
/// (<see cref="VectorLane"/>), or either with a derivative beside it (<see cref="Dual{T}"/>), which makes the same formula its own backward pass.
/// </summary>
public interface ILane<T>
    where T : struct, ILane<T>
{
    static virtual T One => T.Constant(1);

    static abstract T operator +(T left, T right);

    static abstract T operator -(T left, T right);

    static abstract T operator *(T left, T right);

    static abstract T operator /(T left, T right);

    static abstract T operator -(T value);

    /// <summary>The same value in every element, with derivative 0.</summary>
    static abstract T Constant(float value);

    static abstract T Exp(T x);

    static abstract T Log(T x);

    static abstract T Sqrt(T x);

    /// <summary>Where <paramref name="left"/> &gt; <paramref name="right"/> the third argument, elsewhere the fourth.</summary>
    static abstract T SelectGreater(T left, T right, T greater, T otherwise);

    /// <summary>a·b + c; rounded once where the device has an instruction for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T MultiplyAdd(T a, T b, T c) => a * b + c;

    /// <summary>The larger; <paramref name="left"/> where they are equal or it is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T Max(T left, T right) => T.SelectGreater(right, left, right, left);

    /// <summary>The smaller; <paramref name="left"/> where they are equal or it is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T Min(T left, T right) => T.SelectGreater(left, right, right, left);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T Abs(T x) => T.SelectGreater(T.Constant(0), x, -x, x);

    /// <summary>1 / (1 + exp(-x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T Sigmoid(T x) => T.One / (T.One + T.Exp(-x));

    /// <summary>
    /// From one exponential: (1 - e) / (1 + e) with e = exp(-2|x|); near 0, where that cancels, the odd series up to x⁹.
    /// Relative error about 1e-6. (The GPU's own tanh.approx is good to 2⁻¹¹ only.)
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T Tanh(T x)
    {
        T magnitude = T.Abs(x);
        T e = T.Exp(T.Constant(-2) * magnitude);
        T far = (T.One - e) / (T.One + e);
        T square = x * x;
        T series = T.Constant(62f / 2835);
        series = series * square - T.Constant(17f / 315);
        series = series * square + T.Constant(2f / 15);
        series = series * square - T.Constant(1f / 3);
        T near = x + x * square * series;
        return T.SelectGreater(T.Constant(0.3f), magnitude, near, T.SelectGreater(x, T.Constant(0), far, -far));
    }

    /// <summary>
    /// x to a constant power: exp(exponent · log x); of a negative x a whole power by its magnitude and sign, any other is NaN. Relative error
    /// about 1e-7 · |exponent · log x|.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T Pow(T x, float exponent)
    {
        T power = T.Constant(exponent);
        int whole = (int)exponent;
        if (whole != exponent)
        {
            return T.Exp(power * T.Log(x));
        }

        if (whole == 0)
        {
            return T.One;
        }

        T magnitude = T.Exp(power * T.Log(T.Abs(x)));
        return (whole & 1) == 0 ? magnitude : T.SelectGreater(T.Constant(0), x, -magnitude, magnitude);
    }

    /// <summary>
    /// log(1 + exp x) = max(x, 0) + 2·artanh(e / (2 + e)) with e = exp(-|x|), by the odd series, which has converged at e = 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T Softplus(T x)
    {
        T e = T.Exp(-T.Abs(x));
        T z = e / (T.Constant(2) + e);
        T square = z * z;
        T series = T.Constant(2f / 13);
        series = series * square + T.Constant(2f / 11);
        series = series * square + T.Constant(2f / 9);
        series = series * square + T.Constant(2f / 7);
        series = series * square + T.Constant(2f / 5);
        series = series * square + T.Constant(2f / 3);
        series = series * square + T.Constant(2f);
        return T.Max(x, T.Constant(0)) + z * series;
    }

    /// <summary>
    /// The probability that a standard normal variable is at most x: (1 + erf(x/√2)) / 2, within 1e-7. <remarks>Abramowitz and Stegun, "Handbook of
    /// mathematical functions", 7.1.26.</remarks>
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T NormalCdf(T x)
    {
        T t = T.One / (T.One + T.Constant(0.3275911f * 0.70710678f) * T.Abs(x));
        T polynomial = T.Constant(0.5f * 1.061405429f);
        polynomial = polynomial * t - T.Constant(0.5f * 1.453152027f);
        polynomial = polynomial * t + T.Constant(0.5f * 1.421413741f);
        polynomial = polynomial * t - T.Constant(0.5f * 0.284496736f);
        polynomial = polynomial * t + T.Constant(0.5f * 0.254829592f);
        T tail = polynomial * t * T.Exp(T.Constant(-0.5f) * x * x);
        return T.SelectGreater(x, T.Constant(0), T.One - tail, tail);
    }
}
