namespace TinyLM;

/// <summary>
/// One decoded instruction; it runs for a whole warp at a time. Operands are offsets into the warp's register file, where
/// literals and special registers have rows of their own, so that no instruction cares what an operand is.
/// </summary>
internal abstract unsafe class PtxInstruction
{
    public InstructionKind Kind { get; set; }

    /// <summary>Floating-point operations a thread.</summary>
    public int Flops { get; set; }

    /// <summary>Runs for the lanes of <see cref="PtxWarp.Mask"/>. <see cref="PtxWarp.Pc"/> already points at the next instruction.</summary>
    public abstract void Execute(PtxWarp warp);
}

/// <summary>Runs another instruction for the lanes whose predicate holds.</summary>
internal sealed class GuardedInstruction(PtxInstruction inner, int predicate, bool negated) : PtxInstruction
{
    public override unsafe void Execute(PtxWarp warp)
    {
        uint all = warp.Mask;
        uint holds = warp.Predicates[predicate];
        warp.Mask = all & (negated ? ~holds : holds);
        if (warp.Mask != 0)
        {
            inner.Execute(warp);
        }

        warp.Mask = all;
    }
}

/// <summary>Kinds of instruction, as <see cref="KernelStatistics"/> counts them.</summary>
public enum InstructionKind
{
    /// <summary>Moves, integer and logic operations, comparisons, selections.</summary>
    IntegerArithmetic,

    /// <summary>float32, float64 and float16 arithmetic.</summary>
    FloatArithmetic,

    /// <summary>Square roots, divisions, exponentials and other functions that take many cycles.</summary>
    Function,
    Conversion,

    /// <summary>mma: one for each thread of the warp.</summary>
    TensorCore,
    Branch,

    /// <summary>Barriers, fences, shuffles and votes.</summary>
    Synchronization,
    ParameterLoad,
    GlobalLoad,
    GlobalStore,
    SharedLoad,
    SharedStore,
    LocalLoad,
    LocalStore,
    Atomic,
    AsynchronousCopy,
}
