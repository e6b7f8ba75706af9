namespace TinyLM;

/// <summary>
/// The record of one differentiable op on a tape: its operands, and how a gradient flows back through it. The tape keeps the
/// objects from step to step, so a steady step allocates none: every field must be set again each time.
/// </summary>
public abstract class Operation
{
    /// <summary>The op's result.</summary>
    public Variable Output { get; internal set; }

    /// <summary>The name of the op, for messages and profiles.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>Floating-point operations of the forward pass, a multiplication and an addition being two; 0 where the op does not say. For profiles.</summary>
    public virtual long ForwardFlops => 0;

    /// <summary>As <see cref="ForwardFlops"/>, of the backward pass.</summary>
    public virtual long BackwardFlops => 0;

    /// <summary>Whether <see cref="Backward"/> uses its gradient's memory for something else; it then gets one of its own.</summary>
    public virtual bool OverwritesGradient => false;

    /// <summary>Whether <see cref="Repeat"/> makes the result again, at a small part of what a product costs: <see cref="Variable.Release"/> then gives its memory back.</summary>
    public virtual bool IsRepeatable => false;

    /// <summary>Computes the result once more from the operands, to the same bits.</summary>
    /// <param name="result">Of the shape of the output; its contents are undefined before.</param>
    public virtual void Repeat(Tensor result) => throw new NotSupportedException($"{Name}: its result cannot be made again.");

    /// <summary>Given the gradient of <see cref="Output"/>, writes or adds the gradients of the operands (<see cref="Variable.BeginGradient"/>).</summary>
    /// <param name="gradient">Of the shape of the output; read only, unless <see cref="OverwritesGradient"/>.</param>
    public abstract void Backward(Tensor gradient);
}
