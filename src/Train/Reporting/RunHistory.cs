namespace TinyLM;

/// <summary>What a run has shown so far, in bounded memory: what its display, its plots and its report are drawn from.</summary>
public sealed class RunHistory
{
    private const int MostPoints = 1024;
    private const int MostSamples = 8;

    private readonly ThinnedSeries<HistoryPoint> _points = new(MostPoints, HistoryPoint.Merge);
    private readonly ThinnedSeries<StepMetrics> _validations = new(MostPoints, static (_, later) => later);
    private readonly ThinnedSeries<StepMetrics> _layerNorms = new(MostPoints, static (_, later) => later);
    private readonly ThinnedSeries<StepMetrics> _samples = new(MostSamples, static (_, later) => later);

    /// <summary>Of the device, measured; null where it is unknown.</summary>
    public double? PeakFlopsPerSecond { get; init; }

    /// <summary>The last step; null before the first.</summary>
    public StepMetrics? Latest { get; private set; }

    /// <summary>The last step with a validation loss, and the one of the lowest.</summary>
    public (StepMetrics Latest, StepMetrics Best)? Validation { get; private set; }

    /// <summary>The whole run, in its order.</summary>
    public IReadOnlyList<HistoryPoint> Points => _points.Items;

    /// <summary>Steps with a <see cref="StepMetrics.ValidationLoss"/>.</summary>
    public IReadOnlyList<StepMetrics> Validations => _validations.Items;

    /// <summary>Steps with <see cref="StepMetrics.LayerNorms"/>.</summary>
    public IReadOnlyList<StepMetrics> LayerNorms => _layerNorms.Items;

    /// <summary>A few steps with a <see cref="StepMetrics.Sample"/>, the last one among them.</summary>
    public IReadOnlyList<StepMetrics> Samples => _samples.Items;

    /// <summary>Of all steps.</summary>
    public PhaseSeconds Phases { get; private set; }

    /// <summary>The step of the newest checkpoint; null before the first.</summary>
    public long? SavedStep { get; internal set; }

    /// <summary>Arithmetic of the last steps beside what the device can do; null where that is unknown.</summary>
    public double? ShareOfPeak => Latest is { FlopsPerSecond: > 0 and var rate } && PeakFlopsPerSecond is { } peak ? rate / peak : null;

    /// <summary>To the end of training, at the pace so far, with validation and checkpoints; null while the run does not know its length.</summary>
    public double? SecondsLeft
    {
        get
        {
            if (Latest is not { TotalSteps: > 0 } step)
            {
                return null;
            }

            double spent = step.Seconds + Phases.Validation + Phases.Checkpoint;
            return (step.TotalSteps - step.Step) * spent / step.Step;
        }
    }

    public void Add(in StepMetrics step)
    {
        Latest = step;
        Phases += step.Phases;
        _points.Add(HistoryPoint.Of(step));
        if (step.ValidationLoss is { } loss)
        {
            _validations.Add(step);
            Validation = (step, Validation is { Best: { ValidationLoss: { } lowest } best } && lowest <= loss ? best : step);
        }

        if (step.LayerNorms is not null)
        {
            _layerNorms.Add(step);
        }

        if (step.Sample is not null)
        {
            _samples.Add(step);
        }
    }
}
