namespace TinyLM;

/// <summary>What one training step showed; a line of <c>metrics.jsonl</c>.</summary>
/// <param name="Step">Steps taken so far, this one included.</param>
/// <param name="TotalSteps">Of the whole run; 0 while a run by time has not counted them out.</param>
/// <param name="Loss">Mean over the step's targets, in nats.</param>
/// <param name="LearningRate">Of this step.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="Tokens">Tokens trained on so far.</param>
/// <param name="Seconds">Training time so far, checkpoints left out.</param>
/// <param name="TokensPerSecond">Over the last steps.</param>
/// <param name="Epoch">Passes over the corpus begun before this step.</param>
public readonly record struct StepMetrics(
    long Step, long TotalSteps, double Loss, double LearningRate, double GradientNorm, long Tokens, double Seconds, double TokensPerSecond, long Epoch);
