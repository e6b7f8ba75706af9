namespace TinyLM;

/// <summary>Seconds by <see cref="TrainingPhase"/>, since the metrics of the step before: validation and checkpoint are those that came before this step.</summary>
public readonly record struct PhaseSeconds(double Data, double Forward, double Backward, double Optimizer, double Validation, double Checkpoint)
{
    public static PhaseSeconds operator +(PhaseSeconds a, PhaseSeconds b) => new(
        a.Data + b.Data, a.Forward + b.Forward, a.Backward + b.Backward, a.Optimizer + b.Optimizer, a.Validation + b.Validation, a.Checkpoint + b.Checkpoint);

    public double Of(TrainingPhase phase) => phase switch
    {
        TrainingPhase.Data => Data,
        TrainingPhase.Forward => Forward,
        TrainingPhase.Backward => Backward,
        TrainingPhase.Optimizer => Optimizer,
        TrainingPhase.Validation => Validation,
        _ => Checkpoint,
    };
}
