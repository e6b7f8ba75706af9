namespace TinyLM;

/// <summary>What one kernel did over all its launches: what a GPU would pay for, as the interpreter counted it.</summary>
public sealed class KernelStatistics
{
    private readonly long[] _instructions = new long[Enum.GetValues<InstructionKind>().Length];
    private LaunchShape _lastShape;

    internal KernelStatistics(GpuKernel kernel)
    {
        Kernel = kernel;
    }

    public GpuKernel Kernel { get; }

    public long Launches { get; private set; }

    /// <summary>Warp requests to global memory.</summary>
    public long GlobalRequests { get; private set; }

    /// <summary>32-byte sectors that those requests touched; 4 a request is perfect for floats, 32 is scattered.</summary>
    public long GlobalSectors { get; private set; }

    public double SectorsPerRequest => GlobalRequests == 0 ? 0 : (double)GlobalSectors / GlobalRequests;

    /// <summary>Warp requests to shared memory.</summary>
    public long SharedRequests { get; private set; }

    /// <summary>Extra passes that those requests took, because lanes wanted different words of one bank.</summary>
    public long BankConflicts { get; private set; }

    /// <summary>Accesses of single threads to local memory: registers that ILGPU could not keep as such.</summary>
    public long LocalAccesses { get; private set; }

    /// <summary>Floating-point operations of all threads; a fused multiply-add is two.</summary>
    public long Flops { get; private set; }

    /// <summary>Floating-point operations for each byte of the sectors that the requests touched, as if nothing were cached.</summary>
    public double ArithmeticIntensity => GlobalSectors == 0 ? 0 : Flops / ((double)GlobalSectors * MemoryCost.SectorBytes);

    /// <summary>"grid 2×1, block 256×1", of the last launch.</summary>
    public string LastShape => _lastShape.ToString();

    /// <summary>Instructions of all kinds, counted once for each thread.</summary>
    public long TotalInstructions => _instructions.Sum();

    /// <summary>Instructions of a kind, counted once for each thread.</summary>
    public long Instructions(InstructionKind kind) => _instructions[(int)kind];

    internal void Add(PtxInstruction[] instructions, ReadOnlySpan<long> laneCounts, in MemoryCounts counts, in LaunchShape shape)
    {
        Launches++;
        _lastShape = shape;
        GlobalRequests += counts.GlobalRequests;
        GlobalSectors += counts.GlobalSectors;
        SharedRequests += counts.SharedRequests;
        BankConflicts += counts.BankConflicts;
        LocalAccesses += counts.LocalAccesses;
        for (int index = 0; index < instructions.Length; index++)
        {
            _instructions[(int)instructions[index].Kind] += laneCounts[index];
            Flops += laneCounts[index] * instructions[index].Flops;
        }
    }
}
