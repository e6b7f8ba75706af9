using System.Diagnostics;

namespace TinyLM;

/// <summary>
/// All that one scoring tells, computed in double from one array: a negative log-likelihood a target. Loss and bits a byte are ratios of sums, never means of
/// ratios.
/// </summary>
public sealed class ScoreReport
{
    /// <summary>How far rounding may bring a value below 0, which no probability allows.</summary>
    private const float Rounding = 1e-3f;

    private const int BucketCount = 31;

    private ScoreReport(string scorer, float[] nats, DocumentScore[] documents, IReadOnlyList<ScoreBucket> byPosition, double seconds)
    {
        (Scorer, Nats, Documents, ByPosition, Seconds) = (scorer, nats, documents, byPosition, seconds);
        foreach (DocumentScore document in documents)
        {
            Total += document;
        }

        ByLength =
        [
            .. documents.Where(document => document.Targets > 0).GroupBy(document => ScoreBucket.IndexOf((int)document.Targets)).OrderBy(group => group.Key)
                .Select(group => ScoreBucket.At(group.Key, group.Count(), group.Aggregate((sum, document) => sum + document))),
        ];
    }

    /// <summary>Name and settings of the scorer.</summary>
    public string Scorer { get; }

    /// <summary>[targets]: the negative log-likelihood of each, in nats, in document order.</summary>
    public IReadOnlyList<float> Nats { get; }

    /// <summary>Of each document, those without targets included.</summary>
    public IReadOnlyList<DocumentScore> Documents { get; }

    /// <summary>Of all documents.</summary>
    public DocumentScore Total { get; }

    /// <summary>By the target's position in its document: that of the first target is 1. Buckets without targets are left out.</summary>
    public IReadOnlyList<ScoreBucket> ByPosition { get; }

    /// <summary>By the number of targets of the document.</summary>
    public IReadOnlyList<ScoreBucket> ByLength { get; }

    /// <summary>The time that scoring took.</summary>
    public double Seconds { get; }

    public ScoreSummary Summary => new(Total.Loss, Total.BitsPerByte, Total.Targets, Seconds);

    /// <summary>Scores documents and sums up.</summary>
    /// <param name="scorer">How.</param>
    /// <param name="documents">Held-out documents with at least one target.</param>
    /// <param name="tokenBytes">[vocabulary]: UTF-8 bytes of each token; empty where they are not known.</param>
    /// <param name="progress">Told the number of targets scored so far; may be null.</param>
    /// <exception cref="UserException">There is nothing to score, or the scorer did not give one finite number a target.</exception>
    public static ScoreReport Create(IScorer scorer, TokenizedDocuments documents, ReadOnlySpan<int> tokenBytes, IProgress<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(scorer);
        ArgumentNullException.ThrowIfNull(documents);
        if (TargetBuilder.CountTargets(documents, scorer.ScoreEnd) == 0)
        {
            throw new UserException("scoring: the held-out documents have no target; expected at least one document of two tokens.");
        }

        long start = Stopwatch.GetTimestamp();
        float[] nats = scorer.Score(documents, progress);
        return Of(scorer.Name, nats, documents, scorer.ScoreEnd, tokenBytes, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>What an array of scores tells.</summary>
    /// <param name="scorer">Name and settings of the scorer.</param>
    /// <param name="nats">[targets], in document order.</param>
    /// <param name="documents">What was scored.</param>
    /// <param name="scoreEnd">Whether the end of each document is a target.</param>
    /// <param name="tokenBytes">[vocabulary]: UTF-8 bytes of each token; empty where they are not known.</param>
    /// <param name="seconds">The time that scoring took.</param>
    /// <exception cref="UserException">There is not one finite number of at least 0 for each target.</exception>
    public static ScoreReport Of(string scorer, float[] nats, TokenizedDocuments documents, bool scoreEnd, ReadOnlySpan<int> tokenBytes, double seconds)
    {
        ArgumentNullException.ThrowIfNull(nats);
        ArgumentNullException.ThrowIfNull(documents);
        long targets = TargetBuilder.CountTargets(documents, scoreEnd);
        if (nats.Length != targets)
        {
            throw new UserException($"{scorer}: gave {nats.Length} values, the {documents.Count} documents have {targets} targets; expected one value a target.");
        }

        var scores = new DocumentScore[documents.Count];
        var positions = new DocumentScore[BucketCount];
        var documentsAt = new int[BucketCount];
        for (int document = 0, first = 0; document < scores.Length; document++)
        {
            int count = TargetBuilder.CountTargets(documents.LengthOf(document), scoreEnd);
            ReadOnlySpan<float> values = nats.AsSpan(first, count);
            int[] ids = tokenBytes.IsEmpty ? [] : documents.ToArray(document);
            for (int target = 0; target < count; target++)
            {
                CheckIsScore(values[target], scorer, document, target);

                // The end is the next document's BOS, which has no bytes.
                int bytes = target + 1 < ids.Length ? tokenBytes[ids[target + 1]] : 0, bucket = ScoreBucket.IndexOf(target + 1);
                var score = new DocumentScore(1, bytes, values[target]);
                scores[document] += score;
                positions[bucket] += score;
                documentsAt[bucket] += target + 1 == 1 << bucket ? 1 : 0;
            }

            first += count;
        }

        ScoreBucket[] byPosition =
        [
            .. Enumerable.Range(0, BucketCount).Where(index => positions[index].Targets > 0).Select(index => ScoreBucket.At(index, documentsAt[index], positions[index])),
        ];
        return new ScoreReport(scorer, nats, scores, byPosition, seconds);
    }

    private static void CheckIsScore(float value, string scorer, int document, int target)
    {
        if (!float.IsFinite(value) || value < -Rounding)
        {
            throw new UserException(FormattableString.Invariant(
                $"{scorer}: target {target + 1} of document {document + 1} has {value} nats, expected a finite number of at least 0."));
        }
    }
}
