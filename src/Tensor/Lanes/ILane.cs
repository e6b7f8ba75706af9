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

    static virtual T Max(T left, T right) => T.SelectGreater(left, right, left, right);

    static virtual T Min(T left, T right) => T.SelectGreater(left, right, right, left);

    static virtual T Abs(T x) => T.SelectGreater(x, T.Constant(0), x, -x);

    /// <summary>1 / (1 + exp(-x)).</summary>
    static virtual T Sigmoid(T x) => T.One / (T.One + T.Exp(-x));

    /// <summary>
    /// From one exponential: (1 - e) / (1 + e) with e = exp(-2|x|); near 0, where that cancels, the odd series up to x⁹.
    /// Relative error about 1e-6. (The GPU's own tanh.approx is good to 2⁻¹¹ only.)
    /// </summary>
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
}
