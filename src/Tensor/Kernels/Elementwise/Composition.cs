namespace TinyLM;

/// <summary>y = second(first(x)): two formulas, one pass over memory.</summary>
public readonly struct Composed<TFirst, TSecond>(TFirst first, TSecond second) : IUnaryOp
    where TFirst : struct, IUnaryOp
    where TSecond : struct, IUnaryOp
{
    private readonly TFirst _first = first;
    private readonly TSecond _second = second;

    public T Apply<T>(T x)
        where T : struct, ILane<T> => _second.Apply(_first.Apply(x));
}

/// <summary>y = second(first(a, b)).</summary>
public readonly struct ComposedBinary<TFirst, TSecond>(TFirst first, TSecond second) : IBinaryOp
    where TFirst : struct, IBinaryOp
    where TSecond : struct, IUnaryOp
{
    private readonly TFirst _first = first;
    private readonly TSecond _second = second;

    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => _second.Apply(_first.Apply(a, b));
}

/// <summary>y = binary(unary(a), b): what makes a gate of a product.</summary>
public readonly struct OnFirst<TUnary, TBinary>(TUnary unary, TBinary binary) : IBinaryOp
    where TUnary : struct, IUnaryOp
    where TBinary : struct, IBinaryOp
{
    private readonly TUnary _unary = unary;
    private readonly TBinary _binary = binary;

    public T Apply<T>(T a, T b)
        where T : struct, ILane<T> => _binary.Apply(_unary.Apply(a), b);
}

/// <summary>
/// Fuses formulas, so that several run in one pass over memory and are differentiated as one:
/// <c>x.Apply(new Affine(2, 1).Then(new Softcap(30)))</c>.
/// </summary>
public static class Composition
{
    /// <summary>x ↦ second(first(x)).</summary>
    public static Composed<TFirst, TSecond> Then<TFirst, TSecond>(this TFirst first, TSecond second)
        where TFirst : struct, IUnaryOp
        where TSecond : struct, IUnaryOp => new(first, second);

    /// <summary>(a, b) ↦ second(first(a, b)).</summary>
    public static ComposedBinary<TFirst, TSecond> AndThen<TFirst, TSecond>(this TFirst first, TSecond second)
        where TFirst : struct, IBinaryOp
        where TSecond : struct, IUnaryOp => new(first, second);

    /// <summary>(a, b) ↦ binary(unary(a), b).</summary>
    public static OnFirst<TUnary, TBinary> Into<TUnary, TBinary>(this TUnary unary, TBinary binary)
        where TUnary : struct, IUnaryOp
        where TBinary : struct, IBinaryOp => new(unary, binary);
}
