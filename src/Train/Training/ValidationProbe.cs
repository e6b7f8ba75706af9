namespace TinyLM;

/// <summary>Looks at a model while it is trained: its loss on a held-out sample, laid out as it is trained, and what it writes. Neither changes a bit of training.</summary>
internal sealed class ValidationProbe
{
    /// <summary>How often a run is looked at, unless told otherwise.</summary>
    private const int TimesARun = 20;

    /// <summary>Held-out tokens that are scored at most each time.</summary>
    private const int SampledTokens = 1 << 13;
    private const int WrittenTokens = 120;

    private readonly TokenizedDocuments _documents;
    private readonly RunSampler _sampler;
    private readonly RowScorer _scorer;
    private readonly int? _everySteps;

    /// <param name="model">What is trained.</param>
    /// <param name="heldOut">Of which the first are scored.</param>
    /// <param name="sampler">Writes.</param>
    /// <param name="training">How it is trained.</param>
    /// <param name="everySteps">Steps from one look to the next; null: twenty times a run.</param>
    public ValidationProbe(Gpt model, TokenizedDocuments heldOut, RunSampler sampler, TrainingConfig training, int? everySteps)
    {
        (_sampler, _everySteps) = (sampler, everySteps);
        _scorer = new RowScorer(model, training.Layout, model.Config.ContextLength, training.ScoreEnd);
        _documents = FirstOf(heldOut);
    }

    /// <summary>Whether it is time after a step. The last step of a run always is.</summary>
    public bool IsDue(in StepMetrics step)
    {
        if (step.Step == step.TotalSteps)
        {
            return true;
        }

        return _everySteps is { } every
            ? step.Step % every == 0
            : step.TotalSteps > 0 && step.Step * TimesARun / step.TotalSteps > (step.Step - 1) * TimesARun / step.TotalSteps;
    }

    /// <summary>The step with the loss and the text of the model after it.</summary>
    public StepMetrics Look(in StepMetrics step) => step with
    {
        ValidationLoss = _scorer.Score(_documents, null).Select(nats => (double)nats).DefaultIfEmpty(double.NaN).Average(),
        Sample = _sampler.Write(0, WrittenTokens),
    };

    /// <summary>The first tokens: of one running text only a part, so that each look costs the same.</summary>
    private static TokenizedDocuments FirstOf(TokenizedDocuments documents)
    {
        TokenizedDocuments first = documents.Take(SampledTokens);
        if (first.TokenCount <= SampledTokens)
        {
            return first;
        }

        var ids = new int[SampledTokens];
        first.CopyTo(0, 0, ids);
        return new TokenizedDocuments(ids, [0, ids.Length], documents.BosId);
    }
}
