using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>Begins tapes. A device has one, reused from step to step.</summary>
public static class TapeExtensions
{
    private static readonly ConditionalWeakTable<Device, Tape> Tapes = [];

    /// <summary>Begins a step. Dispose the tape to end it, and all its tensors.</summary>
    /// <param name="device">Where the step runs.</param>
    /// <param name="gradients">False for scoring and generation: nothing is recorded.</param>
    /// <param name="observer">Sees every op of the step: <see cref="AnomalyDetector"/>, a profile; null: nobody does, and nothing is spent on it.</param>
    /// <param name="step">The number of the step, as the observer names it; 0: the device's own count.</param>
    /// <param name="trainsParameters">False where parameters are constants and only <see cref="Tape.Input"/>s get gradients: adapters on frozen weights.</param>
    public static Tape BeginTape(this Device device, bool gradients = true, ITapeObserver? observer = null, long step = 0, bool trainsParameters = true)
    {
        Tape tape = Tapes.GetValue(device, key => new Tape(key));
        if (tape.IsOpen)
        {
            throw new InvalidOperationException("BeginTape: this device's last tape is still open; dispose it first (using).");
        }

        tape.Open(gradients, trainsParameters, observer, step == 0 ? device.Arena.Step : step);
        return tape;
    }
}
