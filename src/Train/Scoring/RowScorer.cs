namespace TinyLM;

/// <summary>Scores documents in rows of one length, one after another.</summary>
internal sealed class RowScorer
{
    private readonly Gpt _model;
    private readonly BatchLayout _layout;

    /// <exception cref="UserException">A row is shorter than 2 tokens, or longer than the model's context.</exception>
    public RowScorer(Gpt model, LayoutKind kind, int rowLength, bool scoreEnd)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (rowLength > model.Config.ContextLength)
        {
            throw new UserException($"{EnumName.Of(kind)} scoring: rows of {rowLength} tokens, the model's context is {model.Config.ContextLength}.");
        }

        _model = model;
        _layout = new BatchLayout(kind, rowLength, Math.Max(rowLength, TailStream.TokensPerPass), scoreEnd);
    }

    public float[] Score(TokenizedDocuments documents, IProgress<int>? progress)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var nats = new List<float>(checked((int)documents.TokenCount));
        foreach (TokenBatch batch in _layout.InOrder(documents))
        {
            using Tape tape = _model.Device.BeginTape(gradients: false);
            float[] losses = _model.Losses(tape, batch.Ids, batch.Targets, batch.Offsets).Value.ToArray();
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
