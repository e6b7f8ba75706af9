namespace TinyLM;

/// <summary>The figures of one scoring.</summary>
/// <param name="Loss">Nats a target: sum of nats / number of targets.</param>
/// <param name="BitsPerByte">(sum of nats / ln 2) / (sum of the UTF-8 bytes of the scored targets); NaN where those have no bytes.</param>
/// <param name="Targets">How many there were; two scorers are compared only on the same targets.</param>
/// <param name="Seconds">The time that scoring took.</param>
public sealed record ScoreReport(double Loss, double BitsPerByte, long Targets, double Seconds)
{
    /// <summary>Scores documents and sums up, in double.</summary>
    /// <param name="scorer">How.</param>
    /// <param name="documents">Held-out documents with at least one target.</param>
    /// <param name="tokenBytes">[vocabulary]: UTF-8 bytes of each token.</param>
    /// <param name="progress">Told the number of targets scored so far; may be null.</param>
    /// <exception cref="UserException">There is nothing to score.</exception>
    public static ScoreReport Create(IScorer scorer, TokenizedDocuments documents, ReadOnlySpan<int> tokenBytes, IProgress<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(scorer);
        ArgumentNullException.ThrowIfNull(documents);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        float[] nats = scorer.Score(documents, progress);
        double seconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds, sum = 0;
        foreach (float value in nats)
        {
            sum += value;
        }

        long bytes = 0, targets = TargetBuilder.CountTargets(documents, scorer.ScoreEnd);
        for (int document = 0; document < documents.Count; document++)
        {
            foreach (int id in documents.ToArray(document).AsSpan(1))
            {
                bytes += tokenBytes[id];
            }
        }

        if (targets == 0)
        {
            throw new UserException("scoring: the held-out documents have no target; expected at least one document of two tokens.");
        }

        return nats.Length == targets
            ? new ScoreReport(sum / targets, bytes > 0 ? sum / Math.Log(2) / bytes : double.NaN, targets, seconds)
            : throw new InvalidOperationException($"{scorer.Name} scored {nats.Length} targets, the documents have {targets}.");
    }
}
