namespace TinyLM.Tests;

/// <summary>What a user's assembly may hold: found by its name, made with a model.</summary>
public sealed class ScorerOfOnesOwn(Gpt model) : IScorer
{
    private readonly StridedScorer _scorer = new(model, 6, 2);

    public string Name => "one's own";

    public bool ScoreEnd => false;

    public float[] Score(TokenizedDocuments documents, IProgress<int>? progress = null) => _scorer.Score(documents, progress);
}
