using System.Diagnostics;

namespace TinyLM;

/// <summary>Splits the time of training by phase: the mark at a phase's end gives it all since the mark before. Allocates nothing.</summary>
public sealed class PhaseClock
{
    private readonly double[] _seconds = new double[Enum.GetValues<TrainingPhase>().Length];
    private long _mark = Stopwatch.GetTimestamp();

    /// <summary>What has passed since the last mark belongs to no phase.</summary>
    public void Skip() => _mark = Stopwatch.GetTimestamp();

    /// <summary>What has passed since the last mark belongs to <paramref name="phase"/>.</summary>
    public void Mark(TrainingPhase phase)
    {
        long now = Stopwatch.GetTimestamp();
        _seconds[(int)phase] += (now - _mark) / (double)Stopwatch.Frequency;
        _mark = now;
    }

    /// <summary>The seconds of each phase since this was last asked.</summary>
    public PhaseSeconds Take()
    {
        var taken = new PhaseSeconds(
            Of(TrainingPhase.Data), Of(TrainingPhase.Forward), Of(TrainingPhase.Backward), Of(TrainingPhase.Optimizer), Of(TrainingPhase.Validation),
            Of(TrainingPhase.Checkpoint));
        Array.Clear(_seconds);
        return taken;
    }

    private double Of(TrainingPhase phase) => _seconds[(int)phase];
}
