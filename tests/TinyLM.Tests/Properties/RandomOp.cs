using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>An op with random shapes and options.</summary>
/// <param name="Name">The op.</param>
/// <param name="Cases">How many cases a run tries.</param>
/// <param name="Draw">From the largest size, a case.</param>
public sealed record RandomOp(string Name, int Cases, Func<int, Gen<OpCase>> Draw)
{
    public override string ToString() => Name;
}
