namespace TinyLM;

/// <summary>
/// A tensor on a <see cref="Tape"/>: what differentiable ops take and return. A handle, valid until the tape is disposed.
/// <c>default</c> stands for "none" where an operand is optional.
/// </summary>
public readonly struct Variable
{
    private readonly Tape? _tape;
    private readonly int _step;

    internal Variable(Tape tape, int index)
    {
        (_tape, Index, _step) = (tape, index, tape.Device.Arena.Step);
    }

    public bool IsNone => _tape is null;

    internal int Index { get; }

    /// <summary>What the tape keeps of it.</summary>
    private ref readonly TapeNode Node => ref Tape.Node(Index, _step);

    public Tape Tape => _tape ?? throw new InvalidOperationException("Variable: no variable was given (default).");

    public Device Device => Tape.Device;

    /// <summary>The value; none for no variable, so that an optional operand passes straight to its kernel.</summary>
    public Tensor Value => IsNone ? default : Node.Value;

    public int Rows => Value.Rows;

    public int Columns => Value.Columns;

    /// <summary>Whether <see cref="Tape.Backward(Variable)"/> computes a gradient for it.</summary>
    public bool RequiresGradient => !IsNone && Node.RequiresGradient;

    /// <summary>The gradient after <see cref="Tape.Backward(Variable)"/>: of parameters and of inputs; those of intermediate results are given back at once.</summary>
    public Tensor Gradient => IsNone ? default : Node.CurrentGradient;

    public static Variable operator +(Variable left, Variable right) => left.Apply<Add>(right);

    public static Variable operator +(Variable left, float right) => left.Apply(new Affine(1, right));

    public static Variable operator -(Variable left, Variable right) => left.Apply<Subtract>(right);

    public static Variable operator -(Variable value) => value.Apply<Negate>();

    public static Variable operator *(Variable left, Variable right) => left.Apply<Multiply>(right);

    public static Variable operator *(Variable left, float right) => left.Apply(new Affine(right, 0));

    public static Variable operator *(float left, Variable right) => right * left;

    public static Variable operator /(Variable left, Variable right) => left.Apply<Divide>(right);

    /// <summary>The same value, not copied, through which no gradient flows. <remarks>torch.Tensor.detach</remarks></summary>
    public Variable Detach() => Tape.Constant(Value);

    /// <summary>
    /// For an op's backward pass: where this operand's gradient goes, and whether it must be added to what is there. None where nobody
    /// wants it. The caller must then write (or add to) every element.
    /// </summary>
    public GradientSlot BeginGradient() => RequiresGradient ? Tape.BeginGradient(Index) : default;

    /// <summary>As <see cref="BeginGradient"/>, but memory to throw away where nobody wants the gradient, for a kernel that always writes it.</summary>
    public GradientSlot BeginGradientOrScratch() => RequiresGradient ? BeginGradient() : new GradientSlot(Tape.Allocate(Rows, Columns), Accumulate: false);

    /// <summary>
    /// For an op whose operand's gradient equals its output's: adds <paramref name="gradient"/>, or takes its memory over where there is
    /// nothing to add to. Must be the last thing that the op's backward pass does with it.
    /// </summary>
    public void PassGradient(Tensor gradient)
    {
        if (RequiresGradient)
        {
            Tape.PassGradient(Index, gradient);
        }
    }
}

/// <summary>Where a gradient goes, and whether it is added to what is there.</summary>
public readonly record struct GradientSlot(Tensor Tensor, bool Accumulate)
{
    public bool IsWanted => !Tensor.IsNone;
}
