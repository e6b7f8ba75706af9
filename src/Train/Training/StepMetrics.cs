namespace TinyLM;

/// <summary>What one training step showed; a line of <c>metrics.jsonl</c>.</summary>
/// <param name="Step">Steps taken so far, this one included.</param>
/// <param name="TotalSteps">Of the whole run; 0 while a run by time has not counted them out.</param>
/// <param name="Loss">Mean over the step's targets, in nats.</param>
/// <param name="LearningRate">Of this step.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="Tokens">Tokens trained on so far.</param>
/// <param name="Seconds">Training time so far, validation and checkpoints left out.</param>
/// <param name="TokensPerSecond">Over the last steps.</param>
/// <param name="Epoch">Passes over the corpus begun before this step.</param>
public readonly record struct StepMetrics(
    long Step, long TotalSteps, double Loss, double LearningRate, double GradientNorm, long Tokens, double Seconds, double TokensPerSecond, long Epoch)
{
    /// <summary>Arithmetic of products and attention, forward and backward, over the last steps.</summary>
    public double FlopsPerSecond { get; init; }

    public PhaseSeconds Phases { get; init; }

    /// <summary>By layer, now and then: <see cref="TinyLM.LayerNorms"/>.</summary>
    public IReadOnlyDictionary<string, double>? LayerNorms { get; init; }

    /// <summary>The loss after this step on a held-out sample, in nats a token, where it was measured.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>What the model wrote after this step, where it was asked to.</summary>
    public string? Sample { get; init; }
}
