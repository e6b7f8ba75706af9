namespace TinyLM;

/// <summary>What a training step computes: forward, mean cross-entropy, backward, clip, AdamW.</summary>
internal sealed class TrainingStep(Gpt model, AdamWOptimizer optimizer, TrainingConfig config)
{
    /// <summary>Takes it.</summary>
    /// <param name="batch">The step's tokens.</param>
    /// <param name="number">From 1, for messages.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="observer">Sees every op; null: nobody does.</param>
    /// <returns>The loss, and the norm of the gradients before clipping.</returns>
    /// <exception cref="UserException">The loss is not a number. The weights are as they were.</exception>
    public (double Loss, double GradientNorm) Run(TokenBatch batch, long number, double learningRate, ITapeObserver? observer)
    {
        double loss, norm;
        using (Tape tape = model.Device.BeginTape(observer: observer, step: number))
        {
            Variable mean = Trainer.Loss(tape, model, batch, (float)config.ZLoss);
            tape.Backward(mean);
            loss = mean.Value.ToScalar();
            if (!double.IsFinite(loss))
            {
                throw new UserException(
                    FormattableString.Invariant($"training: the loss of step {number} is {loss}; the run has diverged: go back to a checkpoint with a learning rate below {config.LearningRate}."),
                    UserException.World);
            }

            norm = optimizer.Step(learningRate, config.WeightDecay, config.ClipNorm);
            tape.Report("AdamW and clipping", optimizer.BytesPerStep);
        }

        model.Parameters.ClearGradients();
        return (loss, norm);
    }
}
