namespace TinyLM;

/// <summary>Counts of every kernel that an interpreted device has run.</summary>
public sealed class PtxStatistics
{
    private readonly Dictionary<PtxProgram, KernelStatistics> _kernels = [];

    internal PtxStatistics()
    {
    }

    /// <summary>The kernels in the order of their first launch.</summary>
    public IReadOnlyCollection<KernelStatistics> Kernels => _kernels.Values;

    /// <summary>The counts of a kernel; null if it has not run.</summary>
    public KernelStatistics? Of(GpuKernel kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return _kernels.Values.FirstOrDefault(statistics => statistics.Kernel == kernel);
    }

    /// <summary>Begins to count anew.</summary>
    public void Clear() => _kernels.Clear();

    internal void Add(PtxProgram program, PtxBlock block)
    {
        if (!_kernels.TryGetValue(program, out KernelStatistics? statistics))
        {
            _kernels[program] = statistics = new KernelStatistics(program.Compiled.Kernel);
        }

        statistics.Add(program.Instructions, block.LaneCounts, block.Counts, block.Shape);
    }
}
