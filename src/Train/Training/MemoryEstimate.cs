namespace TinyLM;

/// <summary>Device memory that training needs. Found by a step on a dry device: nothing is allocated and nothing computed.</summary>
/// <param name="PermanentBytes">Parameters, gradients, the optimiser's state, averages.</param>
/// <param name="StepBytes">The most that a step holds of the arena at once: of activations, their gradients and what kernels put by.</param>
public sealed record MemoryEstimate(long PermanentBytes, long StepBytes)
{
    public long TotalBytes => PermanentBytes + StepBytes;

    /// <summary>For the largest steps that the configuration allows; exact where there are such steps.</summary>
    /// <param name="device">Where it would run.</param>
    /// <param name="model">The model's shape.</param>
    /// <param name="training">The recipe.</param>
    /// <param name="recomputesBlocks">As <see cref="Gpt.RecomputesBlocks"/>.</param>
    public static MemoryEstimate OfTraining(Device device, GptConfig model, TrainingConfig training, bool recomputesBlocks = false)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(training);
        using Device dry = device.CreateDry();
        var gpt = new Gpt(dry, model) { RecomputesBlocks = recomputesBlocks };
        var step = new TrainingStep(gpt, training);
        long permanent = dry.AllocatedBytes;
        foreach (StepSize size in training.AllSizes(model.ContextLength))
        {
            step.Run(LargestBatch(training, size), number: 1, learningRate: 0, weightDecay: 0, observer: null);
        }

        return new MemoryEstimate(permanent, dry.Arena.PeakBytes);
    }

    /// <summary>Rows of the longest documents; of a step of several passes two of the largest: from the second one on gradients are added to.</summary>
    private static TokenBatch LargestBatch(TrainingConfig training, StepSize size)
    {
        int tokens = training.CreateLayout(size).TokensPerStep;
        int pass = training.MicroBatchTokens > 0 ? Math.Min(training.MicroBatchTokens, tokens) : tokens;
        ReadOnlySpan<int> starts = DocumentOffsets.Rows(pass, size.SequenceLength).Starts;
        int[] all = pass == tokens ? [.. starts] : [.. starts, .. starts[1..].ToArray().Select(start => pass + start)];
        return new TokenBatch(new int[all[^1]], new int[all[^1]], new DocumentOffsets(all));
    }
}
