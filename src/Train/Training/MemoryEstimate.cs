namespace TinyLM;

/// <summary>Device memory that training needs. Found by a step on a dry device: nothing is allocated and nothing computed.</summary>
/// <param name="PermanentBytes">Parameters, gradients and the optimiser's moments.</param>
/// <param name="StepBytes">The most that a step holds of the arena at once: of activations, their gradients and what kernels put by.</param>
public sealed record MemoryEstimate(long PermanentBytes, long StepBytes)
{
    public long TotalBytes => PermanentBytes + StepBytes;

    /// <summary>For steps with all the tokens that the configuration allows; exact where each step has as many.</summary>
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
        var optimizer = new AdamWOptimizer(gpt.Parameters, training.Rule);
        long permanent = dry.AllocatedBytes;
        int tokens = training.CreateLayout(model.ContextLength).TokensPerStep;
        var batch = new TokenBatch(new int[tokens], new int[tokens], DocumentOffsets.Rows(tokens, model.ContextLength));
        new TrainingStep(gpt, optimizer, training).Run(batch, number: 1, learningRate: 0, observer: null);
        return new MemoryEstimate(permanent, dry.Arena.PeakBytes);
    }
}
