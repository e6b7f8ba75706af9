namespace TinyLM;

/// <summary>a + b. <remarks>torch.add</remarks></summary>
public readonly struct Add : IBinaryOp
{
    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => a + b;
}

/// <summary>a - b. <remarks>torch.sub</remarks></summary>
public readonly struct Subtract : IBinaryOp
{
    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => a - b;
}

/// <summary>a · b. <remarks>torch.mul</remarks></summary>
public readonly struct Multiply : IBinaryOp
{
    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => a * b;
}

/// <summary>a / b. <remarks>torch.div</remarks></summary>
public readonly struct Divide : IBinaryOp
{
    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => a / b;
}

/// <summary>The larger of a and b; equals share the gradient, and NaN stays. <remarks>torch.maximum</remarks></summary>
public readonly struct Maximum : IBinaryOp
{
    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => T.SelectGreater(a, b, a, T.SelectGreater(b, a, b, T.Constant(0.5f) * a + T.Constant(0.5f) * b));
}

/// <summary>The smaller of a and b; equals share the gradient, and NaN stays. <remarks>torch.minimum</remarks></summary>
public readonly struct Minimum : IBinaryOp
{
    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => T.SelectGreater(b, a, a, T.SelectGreater(a, b, b, T.Constant(0.5f) * a + T.Constant(0.5f) * b));
}

/// <summary>silu(gate) · up (Shazeer, "GLU variants improve transformer", 2020).</summary>
public readonly struct SwiGlu : IBinaryOp
{
    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => default(Silu).Apply(a) * b;
}

/// <summary>gelu(gate) · up, with the tanh form (Shazeer, "GLU variants improve transformer", 2020).</summary>
public readonly struct GeGlu : IBinaryOp
{
    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => default(Gelu).Apply(a) * b;
}

/// <summary>weightA · a + weightB · b.</summary>
public readonly struct WeightedSum(float weightA, float weightB) : IBinaryOp
{
    private readonly float _weightA = weightA, _weightB = weightB;

    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => T.Constant(_weightA) * a + T.Constant(_weightB) * b;
}
