using ILGPU;

namespace TinyLM.Tests;

/// <summary>Kernels with one fault each; <c>mended</c> takes it out.</summary>
internal static class PtxFaultKernels
{
    public static readonly GpuKernel Stray = new(StrayKernel);
    public static readonly GpuKernel StrayShared = new(StraySharedKernel);
    public static readonly GpuKernel Misaligned = new(MisalignedKernel);
    public static readonly GpuKernel Race = new(RaceKernel);
    public static readonly GpuKernel RaceInWarp = new(RaceInWarpKernel);
    public static readonly GpuKernel TwoWriters = new(TwoWritersKernel);
    public static readonly GpuKernel Uninitialized = new(UninitializedKernel);
    public static readonly GpuKernel DivergedBarrier = new(DivergedBarrierKernel);
    public static readonly GpuKernel DivergedShuffle = new(DivergedShuffleKernel);
    public static readonly GpuKernel Deadlock = new(DeadlockKernel);
    public static readonly GpuKernel Endless = new(EndlessKernel);
    public static readonly GpuKernel UnawaitedCopy = new(UnawaitedCopyKernel);
    public static readonly GpuKernel UnbarrieredCopy = new(UnbarrieredCopyKernel);
    public static readonly GpuKernel StrayLocal = new(StrayLocalKernel);
    public static readonly GpuKernel UninitializedLocal = new(UninitializedLocalKernel);
    public static readonly GpuKernel AtomicRace = new(AtomicRaceKernel);
    public static readonly GpuKernel TwoBarriers = new(TwoBarriersKernel);
    public static readonly GpuKernel MisalignedShared = new(MisalignedSharedKernel);
    public static readonly GpuKernel Recursion = new(RecursionKernel);
    public static readonly GpuKernel UnknownOpcode = new(UnknownOpcodeKernel);

    public static void StrayKernel(ArrayView<int> x, int mended)
    {
        int i = Grid.GlobalIndex.X;
        if (mended == 0 || i < x.IntLength)
        {
            x[i] = i;
        }
    }

    public static void StraySharedKernel(ArrayView<int> x, int mended)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(32);
        shared[Group.IdxX + (mended == 0 ? 1 : 0)] = 1;
        Group.Barrier();
        x[Group.IdxX] = shared[Group.IdxX];
    }

    public static void MisalignedKernel(ArrayView<byte> x, ArrayView<int> y, int mended)
    {
        y[0] = x.SubView(mended == 0 ? 1 : 4, 8).Cast<int>()[0];
    }

    /// <summary>Each thread reads what another warp has written.</summary>
    public static void RaceKernel(ArrayView<int> x, int mended)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(64);
        shared[Group.IdxX] = 0;
        Group.Barrier();
        shared[Group.IdxX] = Group.IdxX;
        if (mended != 0)
        {
            Group.Barrier();
        }

        x[Group.IdxX] = shared[63 - Group.IdxX];
    }

    /// <summary>Within a warp, its own barrier is enough.</summary>
    public static void RaceInWarpKernel(ArrayView<int> x, int mended)
    {
        ArrayView<ushort> shared = SharedMemory.Allocate<ushort>(32);
        shared[Group.IdxX] = (ushort)Group.IdxX;
        Warp.Barrier();
        int other = shared[31 - Group.IdxX];
        if (mended != 0)
        {
            Warp.Barrier();
        }

        shared[Group.IdxX] = (ushort)(other + 1);
        x[Group.IdxX] = other;
    }

    public static void TwoWritersKernel(ArrayView<int> x, int mended)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(64);
        if (mended == 0 || Group.IdxX == 0)
        {
            shared[0] = 5;
        }

        Group.Barrier();
        x[Group.IdxX] = shared[0];
    }

    public static void UninitializedKernel(ArrayView<int> x, int mended)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(64);
        if (mended != 0 || Group.IdxX < 32)
        {
            shared[Group.IdxX] = 5;
        }

        Group.Barrier();
        x[Group.IdxX] = shared[Group.IdxX];
    }

    public static void DivergedBarrierKernel(ArrayView<int> x, int mended)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(64);
        if (mended == 0 && Group.IdxX >= 40)
        {
            return;
        }

        shared[Group.IdxX] = 1;
        Group.Barrier();
        x[Group.IdxX] = shared[Group.IdxX ^ 1];
    }

    public static void DivergedShuffleKernel(ArrayView<int> x, int mended)
    {
        int value = x[Group.IdxX];
        if (mended != 0 || Group.IdxX < 16)
        {
            value += Warp.ShuffleXor(value, 1);
        }

        x[Group.IdxX] = value;
    }

    public static void DeadlockKernel(ArrayView<int> x, int mended)
    {
        int value = x[Group.IdxX];
        if (mended != 0 || Group.IdxX < 16)
        {
            Group.Barrier();
        }

        x[Group.IdxX] = Warp.ShuffleXor(value, 1);
    }

    public static void EndlessKernel(ArrayView<int> x, int mended)
    {
        while (x[0] == 0)
        {
            x[1] = 1;
            if (mended != 0)
            {
                x[0] = 1;
            }
        }
    }

    public static void UnawaitedCopyKernel(ArrayView<uint> x, ArrayView<uint> y, int mended)
    {
        ArrayView<uint> shared = SharedMemory.Allocate<Fragment4>(32).Cast<uint>();
        PtxIntrinsics.CopyAsync16(PtxIntrinsics.SharedAddress(ref shared[Group.IdxX * 4]), ref x[Group.IdxX * 4]);
        PtxIntrinsics.CommitCopies();
        if (mended != 0)
        {
            PtxIntrinsics.WaitForCopies();
        }

        Group.Barrier();
        y[Group.IdxX] = shared[(31 - Group.IdxX) * 4];
    }

    /// <summary>A copy has ended for its own thread alone.</summary>
    public static void UnbarrieredCopyKernel(ArrayView<uint> x, ArrayView<uint> y, int mended)
    {
        ArrayView<uint> shared = SharedMemory.Allocate<Fragment4>(32).Cast<uint>();
        PtxIntrinsics.CopyAsync16(PtxIntrinsics.SharedAddress(ref shared[Group.IdxX * 4]), ref x[Group.IdxX * 4]);
        PtxIntrinsics.CommitCopies();
        PtxIntrinsics.WaitForCopies();
        if (mended != 0)
        {
            Group.Barrier();
        }

        y[Group.IdxX] = shared[(31 - Group.IdxX) * 4];
    }

    public static void StrayLocalKernel(ArrayView<int> x, int mended)
    {
        var table = new int[4];
        for (int index = 0; index < 4; index++)
        {
            table[index] = index;
        }

        x[Group.IdxX] = table[mended == 0 ? Group.IdxX + 4 : Group.IdxX & 3];
    }

    public static void UninitializedLocalKernel(ArrayView<int> x, int mended)
    {
        ArrayView<int> table = LocalMemory.Allocate<int>(4);
        int count = mended == 0 ? 3 : 4;
        for (int index = 0; index < count; index++)
        {
            table[index] = index;
        }

        x[Group.IdxX] = table[Group.IdxX & 3];
    }

    public static void AtomicRaceKernel(ArrayView<int> x, int mended)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(1);
        if (Group.IdxX == 0)
        {
            shared[0] = 0;
        }

        Group.Barrier();
        Atomic.Add(ref shared[0], 1);
        if (mended != 0)
        {
            Group.Barrier();
        }

        x[Group.IdxX] = shared[0];
    }

    public static void TwoBarriersKernel(ArrayView<int> x, int mended)
    {
        if (mended != 0 || Group.IdxX < 32)
        {
            x[Group.IdxX] = 1;
            Group.Barrier();
        }
        else
        {
            x[Group.IdxX] = 2;
            Group.Barrier();
        }
    }

    public static void MisalignedSharedKernel(ArrayView<int> x, int mended)
    {
        ArrayView<byte> shared = SharedMemory.Allocate<byte>(64);
        ArrayView<int> words = shared.SubView(mended == 0 ? 1 : 4, 32).Cast<int>();
        if (Group.IdxX == 0)
        {
            words[0] = x[0];
        }
    }

    public static void RecursionKernel(ArrayView<int> x) => x[0] = Factorial(x[0]);

    private static int Factorial(int n) => n <= 1 ? 1 : n * Factorial(n - 1);

    public static void UnknownOpcodeKernel(ArrayView<uint> x)
    {
        x[0] = PtxUnknownIntrinsic.Permute(x[0], x[1]);
    }
}
