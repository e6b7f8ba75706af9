namespace TinyLM;

/// <summary>
/// The same rows as <see cref="PackedScorer"/>'s, but a token sees nothing before its document's start: no other document, and still the artificial breaks.
/// </summary>
/// <param name="model">Its weights are not touched.</param>
/// <param name="rowLength">Tokens a row, at most the model's context.</param>
/// <param name="scoreEnd">Whether the end of each document is a target.</param>
public sealed class ChunkedScorer(Gpt model, int rowLength, bool scoreEnd = false) : IScorer
{
    private readonly RowScorer _rows = new(model, LayoutKind.PackedIsolated, rowLength, scoreEnd);

    public string Name => $"chunked {rowLength}";

    public bool ScoreEnd => scoreEnd;

    public float[] Score(TokenizedDocuments documents, IProgress<int>? progress = null) => _rows.Score(documents, progress);
}
