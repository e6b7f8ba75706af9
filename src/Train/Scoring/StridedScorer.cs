namespace TinyLM;

/// <summary>
/// Each target sees its own document only, up to <see cref="Window"/> tokens before the end of its chunk of <see cref="Stride"/> targets (slowrun's
/// strided evaluation). A document of at most Window targets is one plain causal pass, whatever the stride; longer ones are read in
/// overlapping windows, and each target is scored exactly once.
/// </summary>
public sealed class StridedScorer : IScorer
{
    private const int TokensPerBatch = 4096;

    private readonly Gpt _model;

    /// <param name="model">Its weights are not touched.</param>
    /// <param name="window">Tokens of context at most, up to the model's.</param>
    /// <param name="stride">Targets a chunk; at most the window.</param>
    /// <param name="scoreEnd">Whether the end of each document is a target.</param>
    /// <exception cref="UserException">The stride is not between 1 and the window, or the window longer than the model's context.</exception>
    public StridedScorer(Gpt model, int window, int stride, bool scoreEnd = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (window > model.Config.ContextLength)
        {
            throw new UserException($"strided scoring: a window of {window} tokens, the model's context is {model.Config.ContextLength}.");
        }

        if (stride < 1 || stride > window)
        {
            throw new UserException($"strided scoring: a stride of {stride}, expected 1 to {window}, the window.");
        }

        (_model, Window, Stride, ScoreEnd) = (model, window, stride, scoreEnd);
    }

    public int Window { get; }

    public int Stride { get; }

    public string Name => $"strided {Window}/{Stride}";

    public bool ScoreEnd { get; }

    public float[] Score(TokenizedDocuments documents, IProgress<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var nats = new List<float>(checked((int)documents.TokenCount));
        var pending = new List<Chunk>();
        int tokens = 0;
        foreach (Chunk chunk in Chunks(documents))
        {
            if (tokens > 0 && tokens + chunk.Length > TokensPerBatch)
            {
                Flush();
            }

            pending.Add(chunk);
            tokens += chunk.Length;
        }

        if (tokens > 0)
        {
            Flush();
        }

        return [.. nats];

        void Flush()
        {
            ScoreChunks(documents, pending, nats);
            progress?.Report(nats.Count);
            pending.Clear();
            tokens = 0;
        }
    }

    /// <summary>
    /// The windows of all documents, in order. Chunk c of a document with n targets ends at min((c+1)·stride, n), begins up to the window
    /// before that, and scores the targets that no chunk before it has scored.
    /// </summary>
    private IEnumerable<Chunk> Chunks(TokenizedDocuments documents)
    {
        for (int document = 0; document < documents.Count; document++)
        {
            int targets = TargetBuilder.CountTargets(documents.LengthOf(document), ScoreEnd);
            int stride = targets <= Window ? Math.Max(1, targets) : Stride;
            for (int first = 0; first < targets; first += stride)
            {
                int end = Math.Min(first + stride, targets);
                int start = Math.Max(0, end - Window);
                yield return new Chunk(document, start, end - start, first - start);
            }
        }
    }

    private void ScoreChunks(TokenizedDocuments documents, List<Chunk> chunks, List<float> nats)
    {
        int[] lengths = [.. chunks.Select(chunk => chunk.Length)];
        var offsets = DocumentOffsets.FromLengths(lengths);
        int[] ids = new int[offsets.TokenCount], targets = new int[offsets.TokenCount];
        Array.Fill(targets, TargetBuilder.None);
        for (int i = 0; i < chunks.Count; i++)
        {
            Chunk chunk = chunks[i];
            int at = offsets.Starts[i];
            documents.CopyTo(chunk.Document, chunk.Start, ids.AsSpan(at, chunk.Length));
            TargetBuilder.Fill(
                documents, chunk.Document, chunk.Start + chunk.Skip, ScoreEnd, targets.AsSpan(at + chunk.Skip, chunk.Length - chunk.Skip));
        }

        float[] losses = TokenScores.Of(_model, new TokenBatch(ids, targets, offsets));
        for (int i = 0; i < chunks.Count; i++)
        {
            int at = offsets.Starts[i];
            nats.AddRange(losses.AsSpan((at + chunks[i].Skip)..(at + chunks[i].Length)));
        }
    }

    /// <param name="Document">Which.</param>
    /// <param name="Start">The first token of the window.</param>
    /// <param name="Length">Tokens of the window.</param>
    /// <param name="Skip">Leading tokens of the window whose targets are not scored: context only.</param>
    private readonly record struct Chunk(int Document, int Start, int Length, int Skip);
}
