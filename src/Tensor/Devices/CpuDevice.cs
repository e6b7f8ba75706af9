using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>The CPU: SIMD kernels on a team of worker threads. Results do not depend on the number of threads.</summary>
public sealed unsafe class CpuDevice : Device
{
    private readonly Scratch[] _scratch;

    internal CpuDevice(int threadCount)
    {
        Team = new WorkerTeam(threadCount > 0 ? threadCount : CpuQuota.Processors);
        _scratch = new Scratch[Team.Count + 1];
        for (int worker = 0; worker < _scratch.Length; worker++)
        {
            _scratch[worker] = new Scratch();
        }
    }

    public override string Description => $"CPU, {Team.Count} thread{(Team.Count == 1 ? "" : "s")}";

    /// <summary>What the machine has, or the container allows.</summary>
    public override long? MemoryBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public override bool IsDry => false;

    public int ThreadCount => Team.Count;

    internal WorkerTeam Team { get; }

    public override Device CreateDry() => new DryDevice(Description);

    public override void Synchronize()
    {
        // Kernels have ended when their call returns.
    }

    /// <summary>Scratch memory of one worker, kept from call to call: at least <paramref name="count"/> floats, 64-byte aligned.</summary>
    public float* WorkerScratch(int worker, long count) => _scratch[worker].AtLeast(count);

    /// <summary>Scratch memory that the workers of one job share; ask for it before the job begins.</summary>
    public float* SharedScratch(long count) => _scratch[Team.Count].AtLeast(count);

    /// <summary>Runs <paramref name="body"/> over 0 … <paramref name="count"/> - 1, cut into one contiguous range a worker.</summary>
    public void For<TBody>(long count, TBody body, long smallestShare = 1)
        where TBody : struct, IRangeBody
    {
        long shares = Math.Clamp(count / Math.Max(1, smallestShare), 1, Team.Count);
        if (shares == 1)
        {
            body.Run(0, count);
        }
        else
        {
            Team.Run(new RangeJob<TBody>(body, count, shares));
        }
    }

    internal override void CopyToDevice(void* source, nint destination, long bytes) =>
        Buffer.MemoryCopy(source, (void*)destination, bytes, bytes);

    internal override void CopyToHost(nint source, void* destination, long bytes) =>
        Buffer.MemoryCopy((void*)source, destination, bytes, bytes);

    /// <summary>With spare bytes past the end: a kernel reads whole vectors.</summary>
    private protected override nint AllocateMemory(long bytes) => HostMemory(bytes + Arena.Alignment);

    private protected override void FreeMemory(nint block) => FreeHostMemory(block);

    private protected override void Close()
    {
        Team.Dispose();
        foreach (Scratch scratch in _scratch)
        {
            scratch.Free();
        }
    }

    /// <summary>
    /// Zeroed memory, on pages as the system gives them: huge ones made no step faster (docs/performance.md). It gives a page to the thread that touches it first, and what nobody
    /// touches takes none. Where the allocation begins is kept before the block.
    /// </summary>
    private static nint HostMemory(long bytes)
    {
        void* allocation = NativeMemory.AllocZeroed((nuint)bytes + Arena.Alignment);
        nint block = ((nint)allocation / Arena.Alignment + 1) * Arena.Alignment;
        ((void**)block)[-1] = allocation;
        return block;
    }

    private static void FreeHostMemory(nint block) => NativeMemory.Free(((void**)block)[-1]);

    /// <summary>A body over a range of indices; a struct, so that a call allocates nothing.</summary>
    public interface IRangeBody
    {
        void Run(long start, long end);
    }

    private readonly struct RangeJob<TBody>(TBody body, long count, long shares) : IWorkerJob
        where TBody : struct, IRangeBody
    {
        public void Run(int worker)
        {
            if (worker < shares)
            {
                body.Run(count * worker / shares, count * (worker + 1) / shares);
            }
        }
    }

    private sealed class Scratch
    {
        private float* _memory;
        private long _count;

        public float* AtLeast(long count)
        {
            if (count > _count)
            {
                Free();
                _memory = (float*)HostMemory(Arena.Padded(count * sizeof(float)));
                _count = count;
            }

            return _memory;
        }

        public void Free()
        {
            if (_count > 0)
            {
                FreeHostMemory((nint)_memory);
                _count = 0;
            }
        }
    }
}
