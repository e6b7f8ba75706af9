namespace TinyLM;

/// <summary>
/// Scores documents: one negative log-likelihood a target, in nats, in document order. A document's first token (BOS) is context and
/// never a target; its end is one where the scorer is told so. All figures are computed from that one array (<see cref="ScoreReport"/>).
/// </summary>
public interface IScorer
{
    /// <summary>Name and settings: "packed 64", "strided 64/16".</summary>
    string Name { get; }

    /// <summary>Whether the end of each document is a target.</summary>
    bool ScoreEnd { get; }

    /// <summary>Scores all targets of the documents, each once.</summary>
    /// <param name="documents">Each is [BOS] + tokens.</param>
    /// <param name="progress">Told the number of targets scored so far; may be null.</param>
    /// <returns>[targets]: the same number, in the same order, for every scorer with the same <see cref="ScoreEnd"/>.</returns>
    float[] Score(TokenizedDocuments documents, IProgress<int>? progress = null);
}
