namespace TinyLM;

/// <summary>A kernel decoded for the interpreter.</summary>
internal sealed class PtxProgram : IPtxKernel
{
    public required CompiledKernel Compiled { get; init; }

    /// <summary>The text of each instruction, for messages.</summary>
    public required PtxStatement[] Statements { get; init; }

    public required PtxInstruction[] Instructions { get; init; }

    /// <summary>Rows of the register file: registers, literals and special registers.</summary>
    public required int RowCount { get; init; }

    public required int PredicateCount { get; init; }

    /// <summary>Register-file offset and value of each literal.</summary>
    public required (int Offset, ulong Value)[] Literals { get; init; }

    public required (int Offset, SpecialRegister Register)[] SpecialRegisters { get; init; }

    /// <summary>Static shared memory of a block.</summary>
    public required int SharedBytes { get; init; }

    /// <summary>Local memory of a thread.</summary>
    public required int LocalBytes { get; init; }

    /// <summary>The finest grain at which the kernel touches shared memory: what a race is told by.</summary>
    public required int SharedGrain { get; init; }
}

/// <summary>Registers that the hardware fills.</summary>
internal enum SpecialRegister
{
    ThreadX,
    ThreadY,
    ThreadZ,
    BlockX,
    BlockY,
    BlockZ,
    BlockSizeX,
    BlockSizeY,
    BlockSizeZ,
    GridSizeX,
    GridSizeY,
    GridSizeZ,
    LaneIndex,
    WarpIndex,
    WarpCount,
    LanesBelow,
    LanesUpTo,
    LaneBit,
    LanesFrom,
    LanesAbove,
    DynamicSharedBytes,
}
