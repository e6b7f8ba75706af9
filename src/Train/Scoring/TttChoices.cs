namespace TinyLM;

/// <summary>
/// The best settings of each mode and chunk size, chosen on every other document and judged by those between: the best of many on the same documents would seem better than it is.
/// A single document is both.
/// </summary>
public sealed class TttChoices
{
    private TttChoices(IReadOnlyList<TttScore> scores, bool areHeldOut, IReadOnlyList<TttChoice> best)
    {
        (Scores, AreHeldOut, Best) = (scores, areHeldOut, best);
    }

    /// <summary>All points, with the scores of the documents that judge.</summary>
    public IReadOnlyList<TttScore> Scores { get; }

    /// <summary>Whether those that choose and those that judge are different documents.</summary>
    public bool AreHeldOut { get; }

    /// <summary>By mode, then by chunk.</summary>
    public IReadOnlyList<TttChoice> Best { get; }

    /// <param name="scores">Of the same documents.</param>
    public static TttChoices Of(IReadOnlyList<TttScore> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        int[] withTargets = [.. scores[0].Documents.Index().Where(document => document.Item.Targets > 0).Select(document => document.Index)];
        int[] choosing = [.. withTargets.Where((_, place) => place % 2 == 0)], judging = withTargets.Length < 2 ? choosing : [.. withTargets.Where((_, place) => place % 2 == 1)];
        TttScore[] judged = [.. scores.Select(score => score with { Documents = [.. judging.Select(document => score.Documents[document])] })];
        var best = scores.Zip(judged, (all, judged) => (Chosen: LossOf(choosing.Select(document => all.Documents[document])), Judged: judged))
            .GroupBy(score => (score.Judged.Point.Mode, score.Judged.Point.Chunk)).OrderBy(group => group.Key)
            .Select(group => group.MinBy(score => score.Chosen).Judged);
        return new TttChoices(judged, withTargets.Length > 1, [.. best.Select(score => new TttChoice(score, LossOf(score.Documents), Against(score, judged)))]);
    }

    internal static double LossOf(IEnumerable<DocumentScore> documents) => documents.Aggregate((sum, document) => sum + document).Loss;

    private static ScoreComparison? Against(TttScore score, TttScore[] judged) =>
        score.Point.LearningRate is not null && judged.FirstOrDefault(other => other.Point.LearningRate is null && other.Point.Chunk == score.Point.Chunk) is { } strided
            ? ScoreComparison.Of(strided.Point.Name, strided.Documents, score.Point.Name, score.Documents)
            : null;
}

/// <summary>The best of one mode and chunk size.</summary>
/// <param name="Score">Its point, with the scores of the documents that judge.</param>
/// <param name="Loss">Theirs.</param>
/// <param name="AgainstStrided">What it gains over strided scoring in the same chunks, where that was scored too.</param>
public sealed record TttChoice(TttScore Score, double Loss, ScoreComparison? AgainstStrided);
