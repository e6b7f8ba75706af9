namespace TinyLM;

/// <summary>Token ids in an array.</summary>
internal sealed class ArrayTokenIds(int[] ids) : TokenIds
{
    public override long Count => ids.Length;

    public override void CopyTo(long start, Span<int> destination) => ids.AsSpan((int)start, destination.Length).CopyTo(destination);
}
