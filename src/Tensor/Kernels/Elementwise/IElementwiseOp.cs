namespace TinyLM;

/// <summary>y = f(x), element by element: one formula, from which forward and backward follow on every device.</summary>
public interface IUnaryOp
{
    static abstract T Apply<T>(T x)
        where T : struct, ILane<T>;
}

/// <summary>y = f(a, b), element by element, for two tensors of one shape.</summary>
public interface IBinaryOp
{
    static abstract T Apply<T>(T a, T b)
        where T : struct, ILane<T>;
}
