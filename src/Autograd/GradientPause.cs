namespace TinyLM;

/// <summary>A scope in which a tape records nothing: <see cref="Tape.WithoutGradients"/>. Scopes may be nested.</summary>
public readonly struct GradientPause : IDisposable
{
    private readonly Tape? _tape;
    private readonly bool _wasRecording;

    internal GradientPause(Tape tape, bool wasRecording)
    {
        (_tape, _wasRecording) = (tape, wasRecording);
    }

    /// <summary>Ends the scope: the tape records again, if it did before.</summary>
    public void Dispose() => _tape?.Resume(_wasRecording);
}
