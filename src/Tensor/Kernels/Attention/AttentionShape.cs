namespace TinyLM;

/// <summary>
/// Heads of an attention layer. With fewer key/value heads than query heads, each serves a group of consecutive query heads:
/// grouped-query attention (Ainslie et al., 2023), or multi-query with one (Shazeer, 2019).
/// </summary>
public readonly record struct AttentionShape(int QueryHeads, int KeyValueHeads, int HeadSize)
{
    /// <summary>Columns of the queries, and of the result.</summary>
    public int QueryWidth => QueryHeads * HeadSize;

    /// <summary>Columns of the keys; the values have as many.</summary>
    public int KeyValueWidth => KeyValueHeads * HeadSize;

    /// <summary>Columns of queries, keys and values side by side.</summary>
    public int TotalWidth => QueryWidth + (2 * KeyValueWidth);

    /// <summary>Query heads that share a key/value head.</summary>
    public int GroupSize => QueryHeads / KeyValueHeads;

    /// <summary>1/√HeadSize, the factor of every score.</summary>
    public float Scale => 1 / MathF.Sqrt(HeadSize);

    /// <summary>The shape whose queries have <paramref name="queryWidth"/> columns.</summary>
    /// <exception cref="ArgumentException">The width is no multiple of the heads, or the heads none of the key/value heads.</exception>
    public static AttentionShape FromWidth(int queryWidth, int queryHeads, int keyValueHeads)
    {
        if (queryHeads < 1 || queryWidth < 1 || queryWidth % queryHeads != 0)
        {
            throw new ArgumentException($"attention: q has {queryWidth} columns, not a multiple of {queryHeads} heads.");
        }

        var shape = new AttentionShape(queryHeads, keyValueHeads, queryWidth / queryHeads);
        shape.Check();
        return shape;
    }

    /// <exception cref="ArgumentException">No heads, no columns, or heads that do not divide into groups.</exception>
    internal void Check()
    {
        if (QueryHeads < 1 || KeyValueHeads < 1 || HeadSize < 1)
        {
            throw new ArgumentException(
                $"attention: {QueryHeads} query heads, {KeyValueHeads} key/value heads of size {HeadSize}; each must be at least 1.");
        }

        if (QueryHeads % KeyValueHeads != 0)
        {
            throw new ArgumentException(
                $"attention: {QueryHeads} query heads are not a multiple of {KeyValueHeads} key/value heads, which serve equal groups.");
        }
    }
}
