namespace TinyLM;

/// <summary>
/// Two scorings of the same targets, document by document: what the second has gained, and how sure that is. Differences are second minus first, so below 0 is
/// better.
/// </summary>
public sealed class ScoreComparison
{
    private ScoreComparison(string first, IReadOnlyList<DocumentScore> before, string second, IReadOnlyList<DocumentScore> after)
    {
        (First, Second, Documents) = (first, second, before.Count);
        double[] differences = [.. after.Zip(before, (a, b) => a.Nats - b.Nats)], targets = [.. before.Select(document => (double)document.Targets)];
        double[] bytes = [.. before.Zip(after, (a, b) => (double)Math.Max(a.Bytes, b.Bytes))], bits = [.. differences.Select(nats => nats / Math.Log(2))];
        Targets = before.Sum(document => document.Targets);
        Loss = differences.Sum() / targets.Sum();
        BitsPerByte = bytes.Sum() > 0 ? bits.Sum() / bytes.Sum() : double.NaN;
        LossInterval = Bootstrap.OfRatio(differences, targets);
        BitsPerByteInterval = Bootstrap.OfRatio(bits, bytes);
        int scored = before.Count(document => document.Targets > 0);
        ShareBetter = scored > 0 ? (double)differences.Count(difference => difference < 0) / scored : double.NaN;
    }

    /// <summary>Name of what is compared with.</summary>
    public string First { get; }

    /// <summary>Name of what is compared.</summary>
    public string Second { get; }

    public int Documents { get; }

    public long Targets { get; }

    /// <summary>The difference of the losses, in nats a target.</summary>
    public double Loss { get; }

    /// <summary>Of <see cref="Loss"/>, at 95%: documents are drawn anew (<see cref="Bootstrap"/>).</summary>
    public ConfidenceInterval LossInterval { get; }

    /// <summary>The difference in bits a byte; NaN where bytes are not known.</summary>
    public double BitsPerByte { get; }

    /// <summary>Of <see cref="BitsPerByte"/>, at 95%.</summary>
    public ConfidenceInterval BitsPerByteInterval { get; }

    /// <summary>The share of the documents with targets that the second scores better.</summary>
    public double ShareBetter { get; }

    /// <exception cref="UserException">The two are not of the same targets.</exception>
    public static ScoreComparison Of(ScoreReport first, ScoreReport second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return Of(first.Scorer, first.Documents, second.Scorer, second.Documents);
    }

    /// <param name="first">Name of what is compared with.</param>
    /// <param name="before">[documents]: its scores.</param>
    /// <param name="second">Name of what is compared.</param>
    /// <param name="after">[documents]: its scores.</param>
    /// <exception cref="UserException">The two are not of the same targets.</exception>
    public static ScoreComparison Of(string first, IReadOnlyList<DocumentScore> before, string second, IReadOnlyList<DocumentScore> after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        if (before.Count != after.Count)
        {
            throw new UserException($"compare: {first} has {before.Count} documents, {second} has {after.Count}; expected scores of the same documents.");
        }

        for (int document = 0; document < before.Count; document++)
        {
            DocumentScore a = before[document], b = after[document];
            if (a.Targets != b.Targets)
            {
                throw new UserException(
                    $"compare: document {document + 1} has {a.Targets} targets in {first} and {b.Targets} in {second}; expected the same documents, tokens and choice of whether ends are scored.");
            }

            if (a.Bytes != b.Bytes && a.Bytes > 0 && b.Bytes > 0)
            {
                throw new UserException($"compare: document {document + 1} has {a.Bytes} bytes in {first} and {b.Bytes} in {second}; expected the same documents.");
            }
        }

        return new ScoreComparison(first, before, second, after);
    }
}
