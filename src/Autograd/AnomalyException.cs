namespace TinyLM;

/// <summary>A value that is not finite, with the op, the tensor and the step where the first one arose: <see cref="AnomalyDetector"/>.</summary>
public sealed class AnomalyException : UserException
{
    /// <param name="message">One line: step, op, tensor, place.</param>
    /// <param name="operation">The op that wrote the value; null where it came in with a parameter, an input or a constant.</param>
    /// <param name="step">The number of the step.</param>
    public AnomalyException(string message, string? operation, long step) : base(message, World)
    {
        (Operation, Step) = (operation, step);
    }

    /// <summary>The op that wrote the value; null where it came in with a parameter, an input or a constant.</summary>
    public string? Operation { get; }

    /// <summary>The number of the step.</summary>
    public long Step { get; }
}
