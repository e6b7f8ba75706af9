using System.Diagnostics;

namespace TinyLM;

/// <summary>Trains to the end, or until it is told to stop: looks at the model now and then, records every step, and saves by time and whenever validation is at its best.</summary>
/// <param name="trainer">Takes the steps.</param>
/// <param name="tokenizer">Saved with them.</param>
/// <param name="checkpoints">Where to.</param>
/// <param name="recorder">Told of each step.</param>
internal sealed class TrainingLoop(Trainer trainer, ITokenizer tokenizer, CheckpointFolder checkpoints, RunRecorder recorder)
{
    private const int LayerNormSteps = 10;
    private double _lowest = checkpoints.FindBest()?.ValidationLoss ?? double.PositiveInfinity;
    private long _saved = Stopwatch.GetTimestamp();
    private long _savedStep = -1;

    /// <summary>Seconds from one checkpoint to the next.</summary>
    public required double SaveSeconds { get; init; }

    /// <summary>Null: validation is left to the end.</summary>
    public required ValidationProbe? Probe { get; init; }

    /// <summary>Runs it; whatever the end, but for a fault, it ends with a checkpoint.</summary>
    /// <param name="report">Told after each step.</param>
    /// <param name="stop">Ends it after the running step.</param>
    /// <exception cref="UserException">The run has diverged: the line names the step, the op and the newest whole checkpoint; or a file cannot be written.</exception>
    public void Run(Action report, CancellationToken stop)
    {
        try
        {
            while (!trainer.IsFinished && !stop.IsCancellationRequested)
            {
                Step();
                report();
            }

            if (_savedStep != trainer.State.Step)
            {
                Save(validationLoss: null);
            }
        }
        catch (DivergedException fault)
        {
            Checkpoint? good = checkpoints.FindNewestWhole();
            throw new UserException(
                $"{fault.Message}; {(good is null ? "there is no checkpoint yet" : $"the last good checkpoint is {good.FolderPath}")}; begin a new run with a learning rate below "
                + FormattableString.Invariant($"{trainer.Config.LearningRate}."),
                fault.ExitCode, fault);
        }
    }

    private void Step()
    {
        StepMetrics step = trainer.Step();
        if (step.Step % LayerNormSteps == 0 || step.Step == 1)
        {
            step = step with { LayerNorms = LayerNorms.Of(trainer.Model.Parameters) };
        }

        trainer.Clock.Skip();
        if (Probe is not null && Probe.IsDue(step))
        {
            step = Probe.Look(step);
            trainer.Clock.Mark(TrainingPhase.Validation);
        }

        recorder.Add(step);
        if (step.ValidationLoss < _lowest || Stopwatch.GetElapsedTime(_saved).TotalSeconds >= SaveSeconds)
        {
            Save(step.ValidationLoss);
        }
    }

    private void Save(double? validationLoss)
    {
        trainer.Clock.Skip();
        recorder.Flush();
        TrainingCheckpoint.Save(checkpoints, trainer, tokenizer, validationLoss);
        trainer.Clock.Mark(TrainingPhase.Checkpoint);
        (_saved, _savedStep, _lowest) = (Stopwatch.GetTimestamp(), trainer.State.Step, Math.Min(_lowest, validationLoss ?? double.PositiveInfinity));
        recorder.Saved(_savedStep);
    }
}
