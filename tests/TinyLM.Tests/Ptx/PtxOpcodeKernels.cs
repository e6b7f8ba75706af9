using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;

namespace TinyLM.Tests;

/// <summary>What threads do together, and opcodes from intrinsics.</summary>
internal static class PtxOpcodeKernels
{
    public static readonly GpuKernel Shuffles = new(ShufflesKernel);
    public static readonly GpuKernel Votes = new(VotesKernel);
    public static readonly GpuKernel Barriers = new(BarriersKernel);
    public static readonly GpuKernel DivideByZero = new(DivideByZeroKernel);
    public static readonly GpuKernel SharedAtomics = new(SharedAtomicsKernel);

    /// <summary>Rows of 32: what each lane receives.</summary>
    public static void ShufflesKernel(ArrayView<int> x, ArrayView<int> y, ArrayView<double> z)
    {
        int i = Group.IdxX;
        int value = x[i];
        y[i] = Warp.Shuffle(value, 31 - i);
        y[32 + i] = Warp.ShuffleDown(value, 3);
        y[64 + i] = Warp.ShuffleUp(value, 5);
        y[96 + i] = Warp.ShuffleXor(value, 9);
        y[128 + i] = Warp.Shuffle(value, 2, 8);
        y[160 + i] = Warp.ShuffleDown(value, 3, 8);
        y[192 + i] = Warp.ShuffleUp(value, 2, 16);
        y[224 + i] = Warp.ShuffleXor(value, 3, 4);
        y[256 + i] = Warp.Broadcast(value, 7);
        y[288 + i] = WarpExtensions.AllReduce<int, AddInt32>(value);
        y[320 + i] = (int)Warp.ShuffleXor((long)value << 20, 1) + (int)(Warp.ShuffleXor((long)value << 20, 1) >> 32);
        z[i] = Warp.ShuffleXor(value * 1.5, 4);
        z[32 + i] = Warp.ShuffleDown(value * 0.5f, 1);
    }

    public static void VotesKernel(ArrayView<uint> x, ArrayView<uint> y)
    {
        int i = Group.IdxX;
        uint value = x[i];
        PtxOpcodeIntrinsics.Prefetch(ref x[i]);
        y[i] = PtxOpcodeIntrinsics.Ballot(value > 5);
        y[32 + i] = (PtxOpcodeIntrinsics.All(value < 100) ? 1u : 0u) + (PtxOpcodeIntrinsics.All(value > 5) ? 2u : 0u);
        y[64 + i] = (PtxOpcodeIntrinsics.Any(value > 1000) ? 1u : 0u) + (PtxOpcodeIntrinsics.Any(value > 5) ? 2u : 0u);
        y[96 + i] = (PtxOpcodeIntrinsics.Uniform(value > 1000) ? 1u : 0u) + (PtxOpcodeIntrinsics.Uniform(value > 5) ? 2u : 0u);
        y[128 + i] = PtxOpcodeIntrinsics.LanesFrom();
        y[160 + i] = PtxOpcodeIntrinsics.LanesAbove();
        if (i < 6)
        {
            y[192 + i] = PtxOpcodeIntrinsics.ActiveLanes();
        }
    }

    public static void BarriersKernel(ArrayView<int> x, ArrayView<int> y)
    {
        int i = Group.IdxX;
        int n = Group.DimX;
        bool odd = (x[i] & 1) != 0;
        y[i] = Group.BarrierPopCount(odd);
        y[n + i] = (Group.BarrierAnd(odd) ? 1 : 0) + (Group.BarrierAnd(x[i] >= 0) ? 2 : 0);
        y[(2 * n) + i] = (Group.BarrierOr(odd) ? 1 : 0) + (Group.BarrierOr(x[i] < 0) ? 2 : 0);
        MemoryFence.GroupLevel();
        MemoryFence.DeviceLevel();
        MemoryFence.SystemLevel();
        y[(3 * n) + i] = Group.Broadcast(x[i], 3);
        Warp.Barrier();
        y[(4 * n) + i] = GroupExtensions.AllReduce<int, MaxInt32>(x[i]);
    }

    public static void DivideByZeroKernel(ArrayView<int> x, ArrayView<long> y)
    {
        y[0] = x[0] / x[1];
        y[1] = x[0] % x[1];
        y[2] = (uint)x[0] / (uint)x[1];
        y[3] = (long)x[0] / x[1];
        y[4] = x[2] / x[3];
        y[5] = x[2] % x[3];
    }

    public static void SharedAtomicsKernel(ArrayView<int> x, ArrayView<int> y)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(2);
        if (Group.IdxX < 2)
        {
            shared[Group.IdxX] = 0;
        }

        Group.Barrier();
        Atomic.Add(ref shared[0], x[Group.IdxX]);
        y[2 + Group.IdxX] = Atomic.Max(ref shared[1], x[Group.IdxX]);
        Group.Barrier();
        if (Group.IdxX < 2)
        {
            y[Group.IdxX] = shared[Group.IdxX];
        }
    }
}

/// <summary>Opcodes on pairs of numbers.</summary>
internal readonly struct PtxBitIntrinsics : IPtxFamily<uint, uint>
{
    public static int Count => 7;

    public static uint Apply(int which, uint a, uint b)
    {
        switch (which)
        {
            case 0: return PtxOpcodeIntrinsics.ExtractNine(a, b);
            case 1: return (uint)PtxOpcodeIntrinsics.ExtractFromTwenty((int)a, b);
            case 2: return PtxOpcodeIntrinsics.Reverse(a);
            case 3: return PtxOpcodeIntrinsics.HighestBit(a);
            case 4: return PtxOpcodeIntrinsics.FunnelLeft(a, b);
            case 5: return PtxOpcodeIntrinsics.FunnelRight(a, b);
            default: return PtxOpcodeIntrinsics.High(a, b);
        }
    }
}

internal readonly struct PtxFloatIntrinsics : IPtxFamily<float, float>
{
    public static int Count => 2;

    public static float Apply(int which, float a, float b) => which == 0 ? PtxOpcodeIntrinsics.MultiplyFlushed(a, b) : PtxOpcodeIntrinsics.Tanh(a);
}
