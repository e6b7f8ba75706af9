using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>
/// Runs PTX on the CPU and judges it: memory is host memory, every address is checked against the views of the launch, and
/// races, diverged barriers and shuffles and deadlocks end the launch with a <see cref="KernelFaultException"/>. Blocks run
/// one after the other, so results are the same each time.
/// </summary>
internal sealed unsafe class PtxMachine : IPtxHost
{
    private readonly HashSet<nint> _allocations = [];
    private readonly PtxBlock _block = new();

    public string Description => "PTX interpreter, on the CPU";

    public PtxStatistics Statistics { get; } = new();

    /// <summary>The most warp instructions that a block may run from one barrier to the next.</summary>
    public long InstructionLimit { get; init; } = 50_000_000;

    public nint Allocate(long bytes)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)bytes, Arena.Alignment);
        NativeMemory.Clear(memory, (nuint)bytes);
        _allocations.Add((nint)memory);
        return (nint)memory;
    }

    public void Free(nint address)
    {
        if (_allocations.Remove(address))
        {
            NativeMemory.AlignedFree((void*)address);
        }
    }

    public void CopyToDevice(void* source, nint destination, long bytes) => Buffer.MemoryCopy(source, (void*)destination, bytes, bytes);

    public void CopyToHost(nint source, void* destination, long bytes) => Buffer.MemoryCopy((void*)source, destination, bytes, bytes);

    public void Synchronize()
    {
        // A launch has ended when its call returns.
    }

    public IPtxKernel Load(CompiledKernel kernel) => PtxDecoder.Decode(kernel);

    public void Launch(IPtxKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, ReadOnlySpan<AddressRange> views)
    {
        var program = (PtxProgram)kernel;
        _block.Prepare(program, shape, arguments, views, InstructionLimit);
        for (int y = 0; y < shape.GridY; y++)
        {
            for (int x = 0; x < shape.GridX; x++)
            {
                _block.Run(x, y);
            }
        }

        Statistics.Add(program, _block);
    }

    public void Dispose()
    {
        foreach (nint address in _allocations)
        {
            NativeMemory.AlignedFree((void*)address);
        }

        _allocations.Clear();
        _block.Free();
    }
}
