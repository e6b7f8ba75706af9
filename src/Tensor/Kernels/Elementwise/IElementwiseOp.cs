namespace TinyLM;

/// <summary>
/// y = f(x), element by element: one formula, from which forward and backward follow on every device. A struct of numbers (or of nothing):
/// its fields are the constants of the formula.
/// </summary>
public interface IUnaryOp
{
    T Apply<T>(T x)
        where T : struct, ILane<T>;
}

/// <summary>y = f(a, b), element by element; as <see cref="IUnaryOp"/>.</summary>
public interface IBinaryOp
{
    T Apply<T>(T a, T b)
        where T : struct, ILane<T>;
}
