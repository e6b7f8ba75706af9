namespace TinyLM;

/// <summary>What a training step computes: forward, mean cross-entropy, backward, clip, optimiser; and all that lives as long as the model for it.</summary>
internal sealed class TrainingStep
{
    private readonly Gpt _model;
    private readonly TrainingConfig _config;
    private readonly TokenBatch _part = new();
    private readonly string _work;

    public TrainingStep(Gpt model, TrainingConfig config)
    {
        (_model, _config) = (model, config);
        Optimizer = config.CreateOptimizer(model.Parameters);
        Averages = WeightAverage.Create(model.Parameters, config);
        _work = $"{Optimizer.Name}, clipping";
    }

    public IOptimizer Optimizer { get; }

    public IReadOnlyList<WeightAverage> Averages { get; }

    public PhaseClock Clock { get; } = new();

    /// <summary>Arithmetic of the last step's products and attention, forward and backward.</summary>
    public long Flops { get; private set; }

    /// <summary>The most that a pass so far has held of the arena.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Takes it: in one pass, or in several of at most <see cref="TrainingConfig.MicroBatchTokens"/>, whole documents each.</summary>
    /// <param name="batch">The step's tokens.</param>
    /// <param name="number">From 1.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="weightDecay">Of this step.</param>
    /// <param name="observer">Sees every op; null: nobody does.</param>
    /// <returns>The loss, and the norm of the gradients before clipping.</returns>
    /// <exception cref="DivergedException">The loss or a gradient is not a number. The weights are as they were.</exception>
    public (double Loss, double GradientNorm) Run(TokenBatch batch, long number, double learningRate, double weightDecay, ITapeObserver? observer)
    {
        double loss = 0, norm = 0;
        int documents = batch.Offsets.DocumentCount;
        Flops = 0;
        try
        {
            for (int first = 0, end; first < documents; first = end)
            {
                end = EndOfPart(batch.Offsets, first);
                using (Tape tape = _model.Device.BeginTape(observer: observer, step: number))
                {
                    loss += Accumulate(tape, batch, first, end, number);
                    if (end == documents)
                    {
                        norm = Optimizer.Step(learningRate, weightDecay, _config.ClipNorm);
                        CheckFinite("norm of the gradients", norm, number);
                        tape.Report(_work, Optimizer.BytesPerStep);
                    }

                    Flops += tape.Flops;
                }

                HeldBytes = Math.Max(HeldBytes, _model.Device.Arena.LastStepBytes);
            }
        }
        finally
        {
            // A step that was broken off leaves none for the next one to add to.
            _model.Parameters.ClearGradients();
        }

        _model.Device.Synchronize();
        Clock.Mark(TrainingPhase.Optimizer);
        return (loss, norm);
    }

    /// <summary>Adds the gradients of some documents' part in the mean loss of the whole batch.</summary>
    /// <returns>That part.</returns>
    private double Accumulate(Tape tape, TokenBatch batch, int first, int end, long number)
    {
        TokenBatch part = batch;
        if (end - first < batch.Offsets.DocumentCount)
        {
            part = _part;
            part.Take(batch, first, end);
        }

        var dropout = new DropoutOptions(_config.Dropout, _config.Seed, number, batch.Offsets.Starts[first]);
        Variable loss = _model.LossSum(tape, part.Ids, part.Targets, part.Offsets, 1f / Math.Max(1, batch.TargetCount), (float)_config.ZLoss, dropout);
        double value = loss.Value.ToScalar();
        Clock.Mark(TrainingPhase.Forward);
        CheckFinite("loss", value, number);
        tape.Backward(loss);
        _model.Device.Synchronize();
        Clock.Mark(TrainingPhase.Backward);
        return value;
    }

    /// <summary>The document after the last one of the pass that begins with <paramref name="first"/>.</summary>
    private int EndOfPart(DocumentOffsets offsets, int first)
    {
        int end = offsets.DocumentCount;
        if (_config.MicroBatchTokens > 0)
        {
            while (end > first + 1 && offsets.Starts[end] - offsets.Starts[first] > _config.MicroBatchTokens)
            {
                end--;
            }
        }

        return end;
    }

    private static void CheckFinite(string what, double value, long step)
    {
        if (!double.IsFinite(value))
        {
            throw new DivergedException(FormattableString.Invariant($"training: the {what} of step {step} is {value}"), step);
        }
    }
}
