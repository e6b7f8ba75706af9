namespace TinyLM;

/// <summary>A loss, a gradient or a weight that is no finite number: the run cannot go on from here.</summary>
public sealed class DivergedException : UserException
{
    /// <param name="message">One line, without an end: what, in which step, and the op where it arose.</param>
    /// <param name="step">The number of the step.</param>
    /// <param name="inner">Names the op.</param>
    public DivergedException(string message, long step, AnomalyException? inner = null) : base(message, World, inner)
    {
        Step = step;
    }

    /// <summary>The number of the step.</summary>
    public long Step { get; }
}
