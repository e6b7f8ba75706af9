namespace TinyLM;

/// <summary>The documents of an audit, and the places in them that it looks at.</summary>
internal sealed class AuditDocuments
{
    private const int MostLengths = 80;

    private readonly ScorerAuditOptions _options;
    private readonly Philox _random;
    private ulong _drawn;

    public AuditDocuments(ScorerAuditOptions options)
    {
        (_options, _random) = (options, new Philox(options.Seed, Philox.Purpose("scorer audit")));
        int window = options.Window, stride = options.Stride;
        int[] lengths = [window + stride + 2, 1, 2, stride, window + 1, 3, stride + 1, 2 * window + stride / 2 + 2, stride + 2, window + 2, window];
        All = options.Documents is { } given ? [.. Enumerable.Range(0, given.Count).Select(given.ToArray)] : [.. lengths.Select(Draw)];
        OfAllLengths = [.. Enumerable.Range(1, Math.Min(MostLengths, window + 2 * stride + 2)).Select(Draw)];
        Places = [.. FindPlaces().Where(place => place.Token >= 1).Distinct()];
        Sums =
        [
            (Draw(2), 1),
            (Draw(2 * stride + 1), Math.Max(1, 3 * stride / 2)),
            (Draw(window + stride / 2 + 2), window + stride / 2 + 1),
        ];
    }

    /// <summary>What is scored, [context id, …] each.</summary>
    public IReadOnlyList<int[]> All { get; }

    /// <summary>A document of every length up to beyond the window and two chunks.</summary>
    public IReadOnlyList<int[]> OfAllLengths { get; }

    /// <summary>Tokens to change, each in a call of its own.</summary>
    public IReadOnlyList<(int Document, int Token)> Places { get; }

    /// <summary>
    /// Where probabilities are summed up: in a document of its own, the first target, one in the middle of a chunk, and the last one beyond a window. Behind the middle
    /// one tokens follow, which must not matter.
    /// </summary>
    public IReadOnlyList<(int[] Document, int Token)> Sums { get; }

    /// <summary>Another id than a given one, and not the context's.</summary>
    public int Other(int id)
    {
        for (; ; )
        {
            int other = Id();
            if (other != id || _options.VocabularySize == 2)
            {
                return other == id ? _options.ContextId : other;
            }
        }
    }

    /// <summary>
    /// In the longest document the first token, the last of a chunk, the first of the next, the first beyond a window, the last of all; in others one at random and
    /// the last.
    /// </summary>
    private IEnumerable<(int Document, int Token)> FindPlaces()
    {
        int longest = Enumerable.Range(0, All.Count).MaxBy(document => All[document].Length), last = All[longest].Length - 1;
        foreach (int token in new[] { 1, _options.Stride, _options.Stride + 1, _options.Window + 1, last })
        {
            yield return (longest, Math.Min(token, last));
        }

        int[] others = [.. Enumerable.Range(0, All.Count).Where(document => All[document].Length > 1 && document != longest)];
        for (int i = 0; i < Math.Min(2, others.Length); i++)
        {
            int document = others[Below(others.Length)];
            yield return (document, 1 + Below(All[document].Length - 1));
            yield return (document, All[document].Length - 1);
        }
    }

    /// <summary>A document of the context id and random others.</summary>
    private int[] Draw(int length) => [_options.ContextId, .. Enumerable.Range(1, length - 1).Select(_ => Id())];

    private int Id()
    {
        int id = Below(_options.VocabularySize - 1);
        return id >= _options.ContextId ? id + 1 : id;
    }

    private int Below(int count) => (int)Math.BigMul(_random.Bits(_drawn++), (ulong)count, out _);
}
