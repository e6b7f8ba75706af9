namespace TinyLM;

/// <summary>One step of a run's history, or several: what they had at their end, and the means over them.</summary>
/// <param name="Steps">How many it stands for.</param>
/// <param name="Step">The last one.</param>
/// <param name="Tokens">Trained on by then.</param>
/// <param name="Seconds">Of training by then.</param>
/// <param name="Loss">Mean.</param>
/// <param name="LearningRate">Mean.</param>
/// <param name="GradientNorm">Mean.</param>
/// <param name="Phases">Sum.</param>
public readonly record struct HistoryPoint(
    int Steps, long Step, long Tokens, double Seconds, double Loss, double LearningRate, double GradientNorm, PhaseSeconds Phases)
{
    internal static HistoryPoint Of(in StepMetrics step) =>
        new(1, step.Step, step.Tokens, step.Seconds, step.Loss, step.LearningRate, step.GradientNorm, step.Phases);

    internal static HistoryPoint Merge(HistoryPoint earlier, HistoryPoint later)
    {
        int steps = earlier.Steps + later.Steps;
        double share = (double)earlier.Steps / steps;
        return later with
        {
            Steps = steps,
            Loss = share * earlier.Loss + (1 - share) * later.Loss,
            LearningRate = share * earlier.LearningRate + (1 - share) * later.LearningRate,
            GradientNorm = share * earlier.GradientNorm + (1 - share) * later.GradientNorm,
            Phases = earlier.Phases + later.Phases,
        };
    }
}
