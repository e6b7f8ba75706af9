using System.Globalization;

namespace TinyLM;

/// <summary>Calls a scorer for an audit, counts the calls, and takes its answer apart.</summary>
internal sealed class AuditScores(IScorer scorer, ScorerAuditOptions options)
{
    public int Calls { get; private set; }

    public long Targets { get; private set; }

    /// <summary>What was wrong with the shape of the first answer that was: too few or too many values, or one that is no number; null: nothing.</summary>
    public string? Fault { get; private set; }

    public bool ScoreEnd => scorer.ScoreEnd;

    /// <summary>The scores of each document, or null (and a <see cref="Fault"/>) where there is not one finite number a target.</summary>
    public float[][]? Of(IReadOnlyList<int[]> documents)
    {
        var starts = new int[documents.Count + 1];
        for (int document = 0; document < documents.Count; document++)
        {
            starts[document + 1] = starts[document] + documents[document].Length;
        }

        float[] nats = scorer.Score(new TokenizedDocuments([.. documents.SelectMany(ids => ids)], starts, options.ContextId));
        Calls++;
        int targets = documents.Sum(CountOf);
        Targets += targets;
        if (nats.Length != targets)
        {
            Fault ??= $"documents of {Lengths(documents)} ids have {targets} targets, and it gave {nats.Length} values";
            return null;
        }

        var scores = new float[documents.Count][];
        for (int document = 0, next = 0; document < scores.Length; document++)
        {
            scores[document] = nats[next..(next += CountOf(documents[document]))];
            int wrong = Array.FindIndex(scores[document], value => !float.IsFinite(value));
            if (wrong >= 0)
            {
                Fault ??= string.Create(CultureInfo.InvariantCulture, $"document {document + 1} of {documents.Count}, target {wrong + 1} has {scores[document][wrong]} nats");
                return null;
            }
        }

        return scores;
    }

    private int CountOf(int[] document) => TargetBuilder.CountTargets(document.Length, scorer.ScoreEnd);

    private static string Lengths(IReadOnlyList<int[]> documents)
    {
        const int Shown = 5;
        string lengths = string.Join(", ", documents.Take(Shown).Select(ids => ids.Length));
        return documents.Count > Shown ? $"{lengths}, … ({documents.Count} of them)" : lengths;
    }
}
