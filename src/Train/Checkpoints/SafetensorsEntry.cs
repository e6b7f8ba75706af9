namespace TinyLM;

/// <summary>What the header of a safetensors file says of a tensor.</summary>
public sealed class SafetensorsEntry
{
    internal SafetensorsEntry(string name, SafetensorsType type, long[] shape, long start, long end)
    {
        (Name, Type, Shape, Start, End) = (name, type, shape, start, end);
    }

    public string Name { get; }

    public SafetensorsType Type { get; }

    /// <summary>The sizes of its dimensions; empty for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The number of elements: the product of <see cref="Shape"/>.</summary>
    public long Length => (End - Start) / SizeOf(Type);

    /// <summary>Where its bytes begin, counted from the end of the header.</summary>
    internal long Start { get; }

    /// <summary>Where its bytes end.</summary>
    internal long End { get; }

    /// <summary>Name, type and shape, as messages show them.</summary>
    public string Describe() => $"{Name} {SafetensorsHeader.NameOf(Type)} {SafetensorsHeader.Describe(Shape)}";

    public override string ToString() => Describe();

    /// <summary>Bytes of an element.</summary>
    internal static int SizeOf(SafetensorsType type) => type switch
    {
        SafetensorsType.Bool or SafetensorsType.U8 or SafetensorsType.I8 => 1,
        SafetensorsType.I16 or SafetensorsType.U16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.I32 or SafetensorsType.U32 or SafetensorsType.F32 => 4,
        _ => 8,
    };
}
