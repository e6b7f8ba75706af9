namespace TinyLM;

/// <content>What changes from step to step.</content>
public sealed partial record TrainingConfig
{
    /// <summary>Linear warm-up, then the rate stays, then it falls to the final one.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="totalSteps">Of the whole run; while it is still unknown, 0: the rate stays at its peak after warm-up.</param>
    public double LearningRateAt(long step, long totalSteps)
    {
        if (step < WarmUpSteps)
        {
            return LearningRate * (step + 1) / (WarmUpSteps + 1);
        }

        double start = totalSteps - (totalSteps - WarmUpSteps) * DecayShare;
        if (totalSteps <= WarmUpSteps || step < start)
        {
            return LearningRate;
        }

        double progress = Math.Min(1, (step - start) / (totalSteps - start)), final = Math.Min(FinalLearningRate, LearningRate);
        return Decay switch
        {
            DecayKind.Cosine => final + (LearningRate - final) * (1 + Math.Cos(Math.PI * progress)) / 2,
            DecayKind.Linear => final + (LearningRate - final) * (1 - progress),
            _ => LearningRate,
        };
    }

    /// <summary>The weight decay of a step.</summary>
    /// <inheritdoc cref="LearningRateAt"/>
    public double WeightDecayAt(long step, long totalSteps) => WeightDecaySchedule?.LineAt(ShareOf(step, totalSteps)) ?? WeightDecay;

    /// <summary>The size of a step, and where it cuts documents.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="totalSteps">Of the whole run; while it is still unknown, 0.</param>
    /// <param name="contextLength">The model's.</param>
    public StepSize SizeAt(long step, long totalSteps, int contextLength) => SizeAt(ShareOf(step, totalSteps), contextLength);

    /// <summary>Every size that a step of the run may have.</summary>
    /// <param name="contextLength">The model's.</param>
    public IReadOnlyList<StepSize> AllSizes(int contextLength) =>
    [
        .. new[] { TokensPerStepSchedule, SequenceLengthSchedule }.SelectMany(schedule => schedule?.Points ?? [])
            .Select(point => point.Share).Append(0).Select(share => SizeAt(share, contextLength)).Distinct(),
    ];

    /// <summary>The layout of a step of that size.</summary>
    public BatchLayout CreateLayout(StepSize size) => (this with { TokensPerStep = size.Tokens }).CreateLayout(size.SequenceLength);

    private StepSize SizeAt(double share, int contextLength) =>
        new((int)(TokensPerStepSchedule?.StairAt(share) ?? TokensPerStep), (int)(SequenceLengthSchedule?.StairAt(share) ?? contextLength));

    private static double ShareOf(long step, long totalSteps) => totalSteps > 0 ? (double)step / totalSteps : 0;
}

/// <summary>How large a step is.</summary>
/// <param name="Tokens">As <see cref="TrainingConfig.TokensPerStep"/>.</param>
/// <param name="SequenceLength">Where documents and rows are cut.</param>
public readonly record struct StepSize(int Tokens, int SequenceLength);
