namespace TinyLM;

/// <summary>
/// Each target sees its own document only, up to <see cref="Window"/> tokens before the end of its chunk of <see cref="Stride"/> targets (slowrun's
/// strided evaluation). A document of at most Window targets is one plain causal pass, whatever the stride; longer ones are read in
/// overlapping windows, and each target is scored exactly once.
/// </summary>
public sealed class StridedScorer : IScorer
{
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
        int[] firstTargets = TailStream.FirstTargets(documents, ScoreEnd);
        var nats = new float[firstTargets[^1]];
        var pending = new List<DocumentPiece>();
        int tokens = 0, scored = 0;
        foreach (DocumentPiece piece in Enumerable.Range(0, documents.Count).SelectMany(document => Windows(document, firstTargets[document + 1] - firstTargets[document])))
        {
            if (tokens > 0 && tokens + piece.Length > TailStream.TokensPerPass)
            {
                Flush();
            }

            pending.Add(piece);
            tokens += piece.Length;
        }

        if (tokens > 0)
        {
            Flush();
        }

        return nats;

        void Flush()
        {
            var stream = new TailStream(documents, pending, ScoreEnd);
            using Tape tape = _model.Device.BeginTape(gradients: false);
            stream.Store(_model.TailLosses(tape, stream.Ids, stream.Targets, stream.Offsets, stream.Tails).Value.ToArray(), nats, firstTargets);
            progress?.Report(scored += stream.ScoredCount);
            pending.Clear();
            tokens = 0;
        }
    }

    /// <summary>
    /// Chunk c of a document with n targets ends at min((c+1)·stride, n), begins up to the window before that, and scores the targets that no chunk before it has
    /// scored. Those that begin at the document's start are one pass: what a longer one adds comes after, and changes nothing.
    /// </summary>
    private IEnumerable<DocumentPiece> Windows(int document, int targets)
    {
        int first = targets <= Window ? targets : Window / Stride * Stride;
        if (first > 0)
        {
            yield return new DocumentPiece(document, 0, first, first);
        }

        for (; first < targets; first += Stride)
        {
            int end = Math.Min(first + Stride, targets), start = Math.Max(0, end - Window);
            yield return new DocumentPiece(document, start, end - start, end - first);
        }
    }
}
