namespace TinyLM;

/// <summary>
/// Which tokens each target sees, found out from the scorer itself: a token is seen where another one in its place changes the score by a bit. Without that, it may
/// still be in reach, and tell the model nothing.
/// </summary>
public static class ScorerSight
{
    /// <summary>How many ids are tried in a token's place: one may happen to change nothing.</summary>
    private const int Tries = 3;

    /// <summary>[targets, tokens]: whether a target's score depends on a token.</summary>
    /// <param name="scorer">Anyone's; a call a token and try.</param>
    /// <param name="documents">Few and short.</param>
    /// <param name="vocabularySize">Ids are below it.</param>
    public static bool[,] Find(IScorer scorer, TokenizedDocuments documents, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(scorer);
        ArgumentNullException.ThrowIfNull(documents);
        int[] ids = [.. Enumerable.Range(0, documents.Count).SelectMany(documents.ToArray)];
        var starts = new long[documents.Count + 1];
        for (int document = 0; document < documents.Count; document++)
        {
            starts[document + 1] = starts[document] + documents.LengthOf(document);
        }

        float[] before = scorer.Score(documents);
        var seen = new bool[before.Length, ids.Length];
        for (int token = 0; token < ids.Length; token++)
        {
            for (int other = 1; other <= Math.Min(Tries, vocabularySize - 1); other++)
            {
                int[] changed = [.. ids];
                changed[token] = (ids[token] + other) % vocabularySize;
                float[] after = scorer.Score(new TokenizedDocuments(new ArrayTokenIds(changed), starts, documents.Count, documents.BosId, null));
                for (int target = 0; target < before.Length; target++)
                {
                    seen[target, token] |= !before[target].Equals(after[target]);
                }
            }
        }

        return seen;
    }
}
