namespace TinyLM;

/// <summary>Token ids, one after another, wherever they lie.</summary>
internal abstract class TokenIds
{
    public abstract long Count { get; }

    /// <summary>Copies ids from <paramref name="start"/> on, as many as <paramref name="ids"/> is long.</summary>
    public abstract void CopyTo(long start, Span<int> ids);
}
