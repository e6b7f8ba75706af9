namespace TinyLM;

/// <summary>
/// Heads of an attention layer. With fewer key/value heads than query heads, each serves a group of consecutive query heads:
/// grouped-query attention (Ainslie et al., 2023), or multi-query with one (Shazeer, 2019).
/// </summary>
/// <param name="QueryHeads">H.</param>
/// <param name="KeyValueHeads">Hkv, which divides H.</param>
/// <param name="HeadSize">D.</param>
/// <param name="Window">A token sees at most this many tokens, itself included (Beltagy et al., "Longformer", 2020); 0: all of its document up to itself.</param>
/// <param name="Softcap">A score s becomes cap · tanh(s / cap) (Gemma 2, 2024); 0: it stays.</param>
/// <param name="ScoreScale">The factor of every score; 0: 1/√D.</param>
public readonly record struct AttentionShape(
    int QueryHeads, int KeyValueHeads, int HeadSize, int Window = 0, float Softcap = 0, float ScoreScale = 0)
{
    private const int Everything = 1 << 30;

    /// <summary>Columns of the queries, and of the result.</summary>
    public int QueryWidth => QueryHeads * HeadSize;

    /// <summary>Columns of the keys; the values have as many.</summary>
    public int KeyValueWidth => KeyValueHeads * HeadSize;

    /// <summary>Columns of queries, keys and values side by side.</summary>
    public int TotalWidth => QueryWidth + (2 * KeyValueWidth);

    /// <summary>Query heads that share a key/value head.</summary>
    public int GroupSize => QueryHeads / KeyValueHeads;

    /// <summary>The factor of every score.</summary>
    public float Scale => ScoreScale > 0 ? ScoreScale : 1 / MathF.Sqrt(HeadSize);

    /// <summary>The most tokens that one sees; far above any document where there is no window.</summary>
    internal int Reach => Window == 0 ? Everything : Math.Min(Window, Everything);

    /// <summary>The cap of a score that has not been scaled.</summary>
    internal float UnscaledCap => Softcap / Scale;

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

    /// <summary>Floating-point operations of scores and weighted values over the pairs that see one another; the backward pass has two and a half times as many.</summary>
    /// <param name="queries">The tail of each document that has queries.</param>
    /// <param name="keys">The documents.</param>
    public long ForwardFlops(DocumentOffsets queries, DocumentOffsets keys)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(keys);
        long pairs = 0;
        for (int document = 0; document < keys.DocumentCount; document++)
        {
            int length = keys.LengthOf(document);
            for (int position = length - queries.LengthOf(document); position < length; position++)
            {
                pairs += position + 1 - FirstKey(position);
            }
        }

        return 4L * QueryWidth * pairs;
    }

    /// <summary>The first token of a document that its token <paramref name="position"/> sees.</summary>
    internal int FirstKey(int position) => Math.Max(0, position + 1 - Reach);

    /// <exception cref="ArgumentException">No heads, no columns, heads that do not divide into groups, or a negative option.</exception>
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

        if (Window < 0)
        {
            throw new ArgumentException($"attention: a window of {Window} tokens, expected at least 1, or 0 for all.");
        }

        if (!float.IsFinite(Softcap) || Softcap < 0)
        {
            throw new ArgumentException($"attention: scores capped at {Softcap}, expected a positive cap, or 0 for none.");
        }

        if (!float.IsFinite(ScoreScale) || ScoreScale < 0)
        {
            throw new ArgumentException($"attention: a score scale of {ScoreScale}, expected a positive one, or 0 for 1/√D.");
        }
    }
}
