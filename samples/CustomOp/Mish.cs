using TinyLM;

namespace CustomOp;

/// <summary>x · tanh(log(1 + eˣ)) (Misra, "Mish", 2020).</summary>
public readonly struct Mish : IUnaryOp
{
    public T Apply<T>(T x)
        where T : struct, ILane<T> => x * T.Tanh(T.Softplus(x));
}
