namespace TinyLM.Tests;

/// <summary>A use that an op must refuse, and a part of what it must say.</summary>
public sealed record ErrorCase(string Op, string Case, string Message, Action<Tape> Use)
{
    public override string ToString() => $"{Op} {Case}";
}
