namespace TinyLM;

/// <summary>One adapted product: the factors of every document, one below the other.</summary>
public sealed class LoraMatrix
{
    internal LoraMatrix(string name, LoraTargets target, Tensor a, Tensor b, Tensor initialA)
    {
        (Name, Target, A, B, InitialA) = (name, target, a, b, initialA);
    }

    /// <summary>"blocks.0.attention.query", "head".</summary>
    public string Name { get; }

    /// <summary>The one kind of product that it belongs to.</summary>
    public LoraTargets Target { get; }

    /// <summary>[documents · rank, inputs].</summary>
    public Tensor A { get; }

    /// <summary>[documents · outputs, rank].</summary>
    public Tensor B { get; }

    /// <summary>[rank, inputs]: what every document begins with.</summary>
    internal Tensor InitialA { get; }
}
