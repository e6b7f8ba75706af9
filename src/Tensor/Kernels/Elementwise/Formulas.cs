namespace TinyLM;

/// <summary>x itself.</summary>
public readonly struct Identity : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => x;
}

/// <summary>eˣ. <remarks>torch.exp</remarks></summary>
public readonly struct Exp : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Exp(x);
}

/// <summary>The natural logarithm. <remarks>torch.log</remarks></summary>
public readonly struct Log : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Log(x);
}

/// <summary>√x. <remarks>torch.sqrt</remarks></summary>
public readonly struct Sqrt : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Sqrt(x);
}

/// <summary>1/√x. <remarks>torch.rsqrt</remarks></summary>
public readonly struct Rsqrt : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.One / T.Sqrt(x);
}

/// <summary>1/x. <remarks>torch.reciprocal</remarks></summary>
public readonly struct Reciprocal : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.One / x;
}

/// <summary>|x|; the derivative at 0 is 0. <remarks>torch.abs</remarks></summary>
public readonly struct Absolute : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Abs(x);
}

/// <summary>-x.</summary>
public readonly struct Negate : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => -x;
}

/// <summary>tanh x. <remarks>torch.tanh</remarks></summary>
public readonly struct Tanh : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Tanh(x);
}

/// <summary>σ(x) = 1 / (1 + e⁻ˣ). <remarks>torch.sigmoid</remarks></summary>
public readonly struct Sigmoid : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Sigmoid(x);
}

/// <summary>log(1 + eˣ). <remarks>torch.nn.functional.softplus</remarks></summary>
public readonly struct Softplus : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Softplus(x);
}

/// <summary>x · σ(x) (Ramachandran et al., 2017). <remarks>torch.nn.functional.silu</remarks></summary>
public readonly struct Silu : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => x * T.Sigmoid(x);
}

/// <summary>
/// The tanh form of GELU (Hendrycks and Gimpel, 2016), x/2 · (1 + tanh u) with u = √(2/π)(x + 0.044715 x³), written as
/// x · σ(2u): one exponential. <remarks>torch.nn.functional.gelu(approximate="tanh")</remarks>
/// </summary>
public readonly struct Gelu : IUnaryOp
{
    private const float TwoRootTwoOverPi = 1.5957691216f;

    public T Apply<T>(T x)
        where T : struct, ILane<T>
    {
        T twoU = x * (T.Constant(TwoRootTwoOverPi) + T.Constant(TwoRootTwoOverPi * 0.044715f) * (x * x));
        return x * T.Sigmoid(twoU);
    }
}

/// <summary>GELU as it is defined, x · Φ(x), Φ being the normal distribution (Hendrycks and Gimpel, 2016). <remarks>torch.nn.functional.gelu</remarks></summary>
public readonly struct GeluErf : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => x * T.NormalCdf(x);
}

/// <summary>max(x, 0); the derivative at 0 is 0, and NaN stays. <remarks>torch.relu</remarks></summary>
public readonly struct Relu : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T>
    {
        T zero = T.Constant(0);
        return T.SelectGreater(x, zero, x, T.SelectGreater(zero, x, zero, x * zero));
    }
}

/// <summary>max(x, 0)² (So et al., "Primer", 2021).</summary>
public readonly struct ReluSquared : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T>
    {
        T positive = T.Max(x, T.Constant(0));
        return positive * positive;
    }
}

/// <summary>x kept between two bounds; the derivative is 0 beyond them, and NaN stays. <remarks>torch.clamp</remarks></summary>
/// <param name="low">The least result.</param>
/// <param name="high">The greatest.</param>
public readonly struct Clamp(float low, float high) : IUnaryOp
{
    private readonly float _low = low, _high = high;

    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Min(T.Max(x, T.Constant(_low)), T.Constant(_high));
}

/// <summary>x to a constant power; a negative x has whole powers only, others give NaN. <remarks>torch.pow</remarks></summary>
public readonly struct Power(float exponent) : IUnaryOp
{
    private readonly float _exponent = exponent;

    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Pow(x, _exponent);
}

/// <summary>cap · tanh(x / cap): scores and logits that stay below a cap (Gemma 2, 2024).</summary>
public readonly struct Softcap(float cap) : IUnaryOp
{
    private readonly float _cap = cap;

    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Constant(_cap) * T.Tanh(x / T.Constant(_cap));
}

/// <summary>scale · x + offset.</summary>
public readonly struct Affine(float scale, float offset) : IUnaryOp
{
    private readonly float _scale = scale, _offset = offset;

    public T Apply<T>(T x)
        where T : struct, ILane<T> => T.Constant(_scale) * x + T.Constant(_offset);
}
