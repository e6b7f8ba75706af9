namespace TinyLM;

/// <summary>Where PTX runs: it owns memory, loads compiled kernels and launches them in order.</summary>
internal unsafe interface IPtxHost : IDisposable
{
    /// <summary>What it is, for people.</summary>
    string Description { get; }

    /// <summary>Counts of what ran; null where nothing can be counted.</summary>
    PtxStatistics? Statistics { get; }

    /// <summary>Zeroed memory, 256-byte aligned.</summary>
    nint Allocate(long bytes);

    void Free(nint address);

    void CopyToDevice(void* source, nint destination, long bytes);

    /// <summary>Copies to the host once every launch so far has ended.</summary>
    void CopyToHost(nint source, void* destination, long bytes);

    void Synchronize();

    IPtxKernel Load(CompiledKernel kernel);

    /// <summary>Launches; <paramref name="views"/> are the memory that the kernel may touch.</summary>
    void Launch(IPtxKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, ReadOnlySpan<AddressRange> views);
}

/// <summary>A kernel that a host has loaded.</summary>
internal interface IPtxKernel
{
    CompiledKernel Compiled { get; }
}

/// <summary>Blocks in the grid, threads in a block, and bytes of dynamic shared memory a block.</summary>
internal readonly record struct LaunchShape(int GridX, int GridY, int BlockX, int BlockY, int DynamicSharedBytes)
{
    public int ThreadsPerBlock => BlockX * BlockY;

    public override string ToString() => $"grid {GridX}×{GridY}, block {BlockX}×{BlockY}";
}

/// <summary>The bytes that a view argument gives access to.</summary>
internal readonly record struct AddressRange(nint Start, long Bytes)
{
    public bool Contains(ulong address, int bytes) => address - (ulong)Start + (ulong)bytes <= (ulong)Bytes && address >= (ulong)Start;

    /// <summary>Bytes from an address outside to the nearest one inside.</summary>
    public ulong Distance(nint address) => (ulong)(address < Start ? Start - address : address - Start - Bytes + 1);
}
