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
    public Tensor Value => IsNone ? default : Tape.Value(Index, _step);

    public int Rows => IsNone ? 0 : Node.Value.Rows;

    public int Columns => IsNone ? 0 : Node.Value.Columns;

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
    /// Tells the tape that the rest of the forward pass does not read this result, so that its memory can serve others. Where the backward pass reads it, its op
    /// makes it again, to the same bits; the result of an op that cannot (<see cref="Operation.IsRepeatable"/>) is kept. Only for whoever knows all that shares the
    /// memory: a view or a detached copy of it would show what lies there later.
    /// </summary>
    public void Release()
    {
        if (!IsNone)
        {
            Tape.Release(Index);
        }
    }

    /// <summary>
    /// For an op's backward pass: where this operand's gradient goes, and whether it must be added to what is there. None where nobody
    /// wants it. The caller must then write (or add to) every element.
    /// </summary>
    public GradientSlot BeginGradient() => RequiresGradient ? Tape.BeginGradient(Index) : default;

    /// <summary>As <see cref="BeginGradient"/>, but memory to throw away where nobody wants the gradient, for a kernel that always writes it.</summary>
    public GradientSlot BeginGradientOrScratch() => RequiresGradient ? BeginGradient() : new GradientSlot(Tape.Allocate(Rows, Columns), Accumulate: false);

    /// <summary>
    /// For an op whose forward pass computes this operand's gradient but for a factor: memory that holds it until the backward pass, if possible that of
    /// the gradient itself. The backward pass asks <see cref="TakeReservedGradient"/> before it begins the gradient.
    /// </summary>
    public Tensor ReserveGradient() => Tape.ReserveGradient(Index);

    /// <summary>Where the contents of <see cref="ReserveGradient"/> lie now: another op may have needed the place.</summary>
    public Tensor TakeReservedGradient(Tensor reserved) => Tape.TakeReservedGradient(Index, reserved);

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
