namespace TinyLM;

/// <summary>
/// The stream of all documents cut into rows of the context length, dense across documents: what most evaluations do, artificial breaks
/// in mid-document included.
/// </summary>
/// <param name="model">Its weights are not touched.</param>
/// <param name="rowLength">Tokens a row, at most the model's context.</param>
/// <param name="scoreEnd">Whether the end of each document is a target.</param>
public sealed class PackedScorer(Gpt model, int rowLength, bool scoreEnd = false) : IScorer
{
    private readonly RowScorer _rows = new(model, LayoutKind.Packed, rowLength, scoreEnd);

    public string Name => $"packed {rowLength}";

    public bool ScoreEnd => scoreEnd;

    public float[] Score(TokenizedDocuments documents, IProgress<int>? progress = null) => _rows.Score(documents, progress);
}
