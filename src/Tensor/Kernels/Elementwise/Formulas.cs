namespace TinyLM;

/// <summary>a + b.</summary>
public readonly struct Add : IBinaryOp
{
    public static T Apply<T>(T a, T b)
        where T : struct, ILane<T> => a + b;
}

/// <summary>a · b.</summary>
public readonly struct Multiply : IBinaryOp
{
    public static T Apply<T>(T a, T b)
        where T : struct, ILane<T> => a * b;
}

/// <summary>x · σ(x) (Ramachandran et al., 2017). <remarks>torch.nn.functional.silu</remarks></summary>
public readonly struct Silu : IUnaryOp
{
    public static T Apply<T>(T x)
        where T : struct, ILane<T> => x * T.Sigmoid(x);
}

/// <summary>
/// The tanh form of GELU (Hendrycks and Gimpel, 2016), x/2 · (1 + tanh u) with u = √(2/π)(x + 0.044715 x³), written as
/// x · σ(2u): one exponential. <remarks>torch.nn.functional.gelu(approximate="tanh")</remarks>
/// </summary>
public readonly struct Gelu : IUnaryOp
{
    private const float TwoRootTwoOverPi = 1.5957691216f;

    public static T Apply<T>(T x)
        where T : struct, ILane<T>
    {
        T twoU = x * (T.Constant(TwoRootTwoOverPi) + T.Constant(TwoRootTwoOverPi * 0.044715f) * (x * x));
        return x * T.Sigmoid(twoU);
    }
}

/// <summary>silu(gate) · up (Shazeer, "GLU variants improve transformer", 2020).</summary>
public readonly struct SwiGlu : IBinaryOp
{
    public static T Apply<T>(T a, T b)
        where T : struct, ILane<T> => Silu.Apply(a) * b;
}

/// <summary>max(x, 0)² (So et al., "Primer", 2021).</summary>
public readonly struct ReluSquared : IUnaryOp
{
    public static T Apply<T>(T x)
        where T : struct, ILane<T>
    {
        T positive = T.Max(x, T.Constant(0));
        return positive * positive;
    }
}

/// <summary>tanh x. <remarks>torch.tanh</remarks></summary>
public readonly struct Tanh : IUnaryOp
{
    public static T Apply<T>(T x)
        where T : struct, ILane<T> => T.Tanh(x);
}
