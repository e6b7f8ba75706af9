namespace TinyLM;

/// <summary>Sees each op of a step as it runs: <see cref="AnomalyDetector"/>, a profile. Given to <see cref="TapeExtensions.BeginTape"/>; without one, nothing is spent.</summary>
public interface ITapeObserver
{
    /// <summary>A step begins.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="step">Its number.</param>
    void Begin(Device device, long step);

    /// <summary>A parameter, an input or a constant was put on the tape.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="parameter">Null for an input or a constant.</param>
    void Leaf(Tensor value, Parameter? parameter);

    /// <summary>An op has computed its result.</summary>
    /// <param name="operation">Its name.</param>
    /// <param name="result">What it wrote.</param>
    /// <param name="operandBytes">What it read of variables.</param>
    /// <param name="flops">0 where unknown.</param>
    void Forward(string operation, Tensor result, long operandBytes, long flops);

    /// <summary>An op's backward pass has written the gradients of its operands.</summary>
    /// <param name="operation">Its name.</param>
    /// <param name="gradient">The gradient of its result; its contents may have been used up.</param>
    /// <param name="written">The operands whose gradients it wrote or added to.</param>
    /// <param name="flops">0 where unknown.</param>
    void Backward(string operation, Tensor gradient, ReadOnlySpan<WrittenGradient> written, long flops);

    /// <summary>Other work of the step is done (<see cref="Tape.Report"/>).</summary>
    /// <param name="work">Its name.</param>
    /// <param name="bytes">What it read and wrote.</param>
    void Work(string work, long bytes);

    /// <summary>The step ends.</summary>
    void End();
}

/// <summary>A gradient that an op's backward pass wrote or added to.</summary>
/// <param name="Gradient">As it is now.</param>
/// <param name="Value">The operand.</param>
/// <param name="Parameter">The operand, where it is a parameter.</param>
/// <param name="Producer">The op whose result the operand is; null for a parameter or an input.</param>
public readonly record struct WrittenGradient(Tensor Gradient, Tensor Value, Parameter? Parameter, string? Producer);
