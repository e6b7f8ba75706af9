namespace TinyLM;

/// <summary>What a training step computes: forward, mean cross-entropy, backward, clip, AdamW.</summary>
internal sealed class TrainingStep(Gpt model, AdamWOptimizer optimizer, TrainingConfig config)
{
    public PhaseClock Clock { get; } = new();

    /// <summary>Arithmetic of the last step's products and attention, forward and backward.</summary>
    public long Flops { get; private set; }

    /// <summary>Takes it.</summary>
    /// <param name="batch">The step's tokens.</param>
    /// <param name="number">From 1, for messages.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="observer">Sees every op; null: nobody does.</param>
    /// <returns>The loss, and the norm of the gradients before clipping.</returns>
    /// <exception cref="DivergedException">The loss or a gradient is not a number. The weights are as they were.</exception>
    public (double Loss, double GradientNorm) Run(TokenBatch batch, long number, double learningRate, ITapeObserver? observer)
    {
        double loss, norm;
        using (Tape tape = model.Device.BeginTape(observer: observer, step: number))
        {
            Variable mean = Trainer.Loss(tape, model, batch, (float)config.ZLoss);
            loss = mean.Value.ToScalar();
            Clock.Mark(TrainingPhase.Forward);
            CheckFinite("loss", loss, number);
            tape.Backward(mean);
            model.Device.Synchronize();
            Clock.Mark(TrainingPhase.Backward);
            norm = optimizer.Step(learningRate, config.WeightDecay, config.ClipNorm);
            CheckFinite("norm of the gradients", norm, number);
            tape.Report("AdamW and clipping", optimizer.BytesPerStep);
            Flops = tape.Flops;
        }

        model.Parameters.ClearGradients();
        model.Device.Synchronize();
        Clock.Mark(TrainingPhase.Optimizer);
        return (loss, norm);
    }

    private static void CheckFinite(string what, double value, long step)
    {
        if (!double.IsFinite(value))
        {
            throw new DivergedException(FormattableString.Invariant($"training: the {what} of step {step} is {value}"), step);
        }
    }
}
