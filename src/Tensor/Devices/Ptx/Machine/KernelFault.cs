namespace TinyLM;

/// <summary>What the interpreter can find wrong with a kernel.</summary>
public enum KernelFault
{
    /// <summary>An address outside the views passed to the launch, or outside shared or local memory.</summary>
    StrayAddress,
    MisalignedAddress,

    /// <summary>Two threads touch the same shared address without a barrier between them, one of them writing.</summary>
    SharedMemoryRace,
    UninitializedSharedMemory,
    UninitializedLocalMemory,

    /// <summary>Some threads of a block never reach the barrier at which others wait.</summary>
    DivergedBarrier,

    /// <summary>Some lanes never reach the shuffle, vote, warp barrier or tensor-core operation at which others wait.</summary>
    DivergedWarp,

    /// <summary>Threads wait at different sync points.</summary>
    Deadlock,

    /// <summary>A thread went on for far longer than any kernel needs.</summary>
    Endless,
}

/// <summary>A kernel did what a GPU would punish, or worse, let pass; found by the interpreted device.</summary>
public sealed class KernelFaultException : Exception
{
    internal KernelFaultException(KernelFault fault, string kernel, int line, int thread, int block, string message) : base(message)
    {
        (Fault, Kernel, Line, Thread, Block) = (fault, kernel, line, thread, block);
    }

    public KernelFault Fault { get; }

    public string Kernel { get; }

    /// <summary>The line in the kernel's PTX, from 1.</summary>
    public int Line { get; }

    /// <summary>The thread's linear index in its block.</summary>
    public int Thread { get; }

    /// <summary>The block's linear index in the grid.</summary>
    public int Block { get; }
}
