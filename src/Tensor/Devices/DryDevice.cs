namespace TinyLM;

/// <summary>Stands for the CPU where only memory counts: ops check their operands and allocate their results, and there is nothing behind an address.</summary>
internal sealed class DryDevice(string description) : Device
{
    private DryMemory _memory = new();

    public override string Description => $"{description}, dry";

    public override bool IsDry => true;

    public override Device CreateDry() => new DryDevice(description);

    public override void Synchronize()
    {
        // Nothing ever runs.
    }

    internal override unsafe void CopyToDevice(void* source, nint destination, long bytes)
    {
        // Nothing is kept.
    }

    internal override unsafe void CopyToHost(nint source, void* destination, long bytes) => new Span<byte>(destination, checked((int)bytes)).Clear();

    private protected override nint AllocateMemory(long bytes) => _memory.Allocate(bytes);

    private protected override void FreeMemory(nint block)
    {
        // Addresses are never used again.
    }

    private protected override void Close()
    {
        // Nothing is held.
    }
}

/// <summary>As <see cref="DryDevice"/>, for the kernels of a GPU: they are compiled and their arguments checked, but none runs.</summary>
internal sealed unsafe class DryHost(string description) : IPtxHost
{
    private DryMemory _memory = new();

    public string Description => $"{description}, dry";

    public PtxStatistics? Statistics => null;

    public nint Allocate(long bytes) => _memory.Allocate(bytes);

    public void Free(nint address)
    {
        // Addresses are never used again.
    }

    public void CopyToDevice(void* source, nint destination, long bytes)
    {
        // Nothing is kept.
    }

    public void CopyToHost(nint source, void* destination, long bytes) => new Span<byte>(destination, checked((int)bytes)).Clear();

    public void Synchronize()
    {
        // Nothing ever runs.
    }

    public IPtxKernel Load(CompiledKernel kernel) => new DryKernel(kernel);

    public void Launch(IPtxKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, ReadOnlySpan<AddressRange> views)
    {
        // Nothing ever runs.
    }

    public void Dispose()
    {
        // Nothing is held.
    }

    private sealed record DryKernel(CompiledKernel Compiled) : IPtxKernel;
}

/// <summary>Addresses without memory behind them, no two of which overlap.</summary>
internal struct DryMemory()
{
    private nint _next = Arena.Alignment;

    public nint Allocate(long bytes)
    {
        nint address = _next;
        _next += (nint)Arena.Padded(bytes);
        return address;
    }
}
