namespace TinyLM;

/// <summary>
/// The stream of all documents cut into rows of the context length, dense across documents: what most evaluations do, artificial breaks
/// in mid-document included.
/// </summary>
public sealed class PackedScorer : IScorer
{
    private const int TokensPerBatch = 4096;
    private readonly BatchLayout _layout;

    /// <param name="rowLength">Tokens a row, at most the model's context.</param>
    /// <param name="scoreEnd">Whether the end of each document is a target.</param>
    public PackedScorer(int rowLength, bool scoreEnd = false)
    {
        _layout = BatchLayout.Packed(rowLength, Math.Max(1, TokensPerBatch / rowLength), scoreEnd);
    }

    public string Name => $"packed {_layout.ContextLength}";

    public bool ScoreEnd => _layout.ScoreEnd;

    public float[] Score(Gpt model, TokenizedDocuments documents, IProgress<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var nats = new List<float>(checked((int)documents.TokenCount));
        foreach (TokenBatch batch in _layout.InOrder(documents))
        {
            float[] losses = TokenScores.Of(model, batch);
            for (int token = 0; token < losses.Length; token++)
            {
                if (batch.Targets[token] != TargetBuilder.None)
                {
                    nats.Add(losses[token]);
                }
            }

            progress?.Report(nats.Count);
        }

        return [.. nats];
    }
}
