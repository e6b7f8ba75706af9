using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM.Tests;

/// <summary>Right kernels, small, of every style that TinyLM uses.</summary>
internal static class PtxSampleKernels
{
    public const int TileSize = 8;
    public static readonly GpuKernel Add = new(AddKernel);
    public static readonly GpuKernel Scalars = new(ScalarsKernel);
    public static readonly GpuKernel Reduce = new(ReduceKernel);
    public static readonly GpuKernel MatMul = new(MatMulKernel);
    public static readonly GpuKernel BFloat16Tile = new(BFloat16TileKernel);
    public static readonly GpuKernel LoadStoreBranch = new(LoadStoreBranchKernel);
    public static readonly GpuKernel Vectors = new(VectorsKernel);
    public static readonly GpuKernel Dynamic = new(DynamicKernel);
    public static readonly GpuKernel Functions = new(FunctionsKernel);
    public static readonly GpuKernel Integers = new(IntegersKernel);
    public static readonly GpuKernel Branches = new(BranchesKernel);
    public static readonly GpuKernel Atomics = new(AtomicsKernel);
    public static readonly GpuKernel Fused = new(FusedKernel);
    public static readonly GpuKernel LocalArray = new(LocalArrayKernel);

    public static void AddKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> sum)
    {
        int i = Grid.GlobalIndex.X;
        if (i < sum.IntLength)
        {
            sum[i] = a[i] + b[i];
        }
    }

    public static void ScalarsKernel(ArrayView<float> result, ArrayView<int> indices, int a, float b, long c, double d)
    {
        int i = Grid.GlobalIndex.X;
        result[i] = a + b + c + (float)d + (indices.Length > 0 ? indices[i] : -1);
    }

    /// <summary>One sum a block: shuffles in each warp, then the first warp adds the warps' sums.</summary>
    public static void ReduceKernel(ArrayView<float> values, ArrayView<float> sums)
    {
        ArrayView<float> partial = SharedMemory.Allocate<float>(32);
        float sum = values[Grid.GlobalIndex.X];
        for (int distance = 16; distance > 0; distance >>= 1)
        {
            sum += Warp.ShuffleXor(sum, distance);
        }

        if (Warp.LaneIdx == 0)
        {
            partial[Warp.WarpIdx] = sum;
        }

        Group.Barrier();
        if (Group.IdxX < 32)
        {
            sum = Group.IdxX < Group.DimX / 32 ? partial[Group.IdxX] : 0;
            for (int distance = 16; distance > 0; distance >>= 1)
            {
                sum += Warp.ShuffleXor(sum, distance);
            }

            if (Group.IdxX == 0)
            {
                sums[Grid.IdxX] = sum;
            }
        }
    }

    public static void MatMulKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, int size)
    {
        ArrayView<float> tileA = SharedMemory.Allocate<float>(TileSize * TileSize);
        ArrayView<float> tileB = SharedMemory.Allocate<float>(TileSize * TileSize);
        int x = Group.IdxX;
        int y = Group.IdxY;
        int row = (Grid.IdxY * TileSize) + y;
        int column = (Grid.IdxX * TileSize) + x;
        float sum = 0;
        for (int start = 0; start < size; start += TileSize)
        {
            tileA[(y * TileSize) + x] = a[(row * size) + start + x];
            tileB[(y * TileSize) + x] = b[((start + y) * size) + column];
            Group.Barrier();
            for (int k = 0; k < TileSize; k++)
            {
                sum += tileA[(y * TileSize) + k] * tileB[(k * TileSize) + x];
            }

            Group.Barrier();
        }

        c[(row * size) + column] = sum;
    }

    /// <summary>A warp's 32×32 of C = A·Bᵀ in bfloat16 pairs, through cp.async, ldmatrix and mma.</summary>
    public static void BFloat16TileKernel(ArrayView<uint> a, ArrayView<uint> b, ArrayView<uint> c, int depthPairs, int columnPairs)
    {
        ArrayView<uint> tileA = SharedMemory.Allocate<Fragment4>(64).Cast<uint>();
        ArrayView<uint> tileB = SharedMemory.Allocate<Fragment4>(64).Cast<uint>();
        int lane = Group.IdxX;
        int row = Grid.IdxY * 32;
        int column = Grid.IdxX * 32;
        Accumulator4 d00 = default, d01 = default, d02 = default, d03 = default;
        Accumulator4 d10 = default, d11 = default, d12 = default, d13 = default;
        uint storeA = PtxIntrinsics.SharedAddress(ref tileA[lane * 8]);
        uint storeB = PtxIntrinsics.SharedAddress(ref tileB[lane * 8]);
        uint loadA = PtxIntrinsics.SharedAddress(ref tileA[((lane & 15) * 8) + ((lane >> 4) * 4)]);
        uint loadB = PtxIntrinsics.SharedAddress(ref tileB[((lane & 15) * 8) + ((lane >> 4) * 4)]);
        for (int k = 0; k < depthPairs; k += 8)
        {
            PtxIntrinsics.CopyAsync16(storeA, ref a[((row + lane) * depthPairs) + k]);
            PtxIntrinsics.CopyAsync16(storeA + 16, ref a[((row + lane) * depthPairs) + k + 4]);
            PtxIntrinsics.CopyAsync16(storeB, ref b[((column + lane) * depthPairs) + k]);
            PtxIntrinsics.CopyAsync16(storeB + 16, ref b[((column + lane) * depthPairs) + k + 4]);
            PtxIntrinsics.CommitCopies();
            PtxIntrinsics.WaitForCopies();
            Group.Barrier();
            Fragment4 a0 = PtxIntrinsics.LoadMatrix4(loadA);
            Fragment4 a1 = PtxIntrinsics.LoadMatrix4(loadA + (16 * 32));
            Fragment4 b0 = PtxIntrinsics.LoadMatrix4(loadB);
            Fragment4 b1 = PtxIntrinsics.LoadMatrix4(loadB + (16 * 32));
            d00 = PtxIntrinsics.MultiplyBFloat16(a0, b0.A, b0.C, d00);
            d01 = PtxIntrinsics.MultiplyBFloat16(a0, b0.B, b0.D, d01);
            d02 = PtxIntrinsics.MultiplyBFloat16(a0, b1.A, b1.C, d02);
            d03 = PtxIntrinsics.MultiplyBFloat16(a0, b1.B, b1.D, d03);
            d10 = PtxIntrinsics.MultiplyBFloat16(a1, b0.A, b0.C, d10);
            d11 = PtxIntrinsics.MultiplyBFloat16(a1, b0.B, b0.D, d11);
            d12 = PtxIntrinsics.MultiplyBFloat16(a1, b1.A, b1.C, d12);
            d13 = PtxIntrinsics.MultiplyBFloat16(a1, b1.B, b1.D, d13);
            Group.Barrier();
        }

        int output = ((row + (lane >> 2)) * columnPairs) + (column / 2) + (lane & 3);
        Store(c, output, columnPairs, d00);
        Store(c, output + 4, columnPairs, d01);
        Store(c, output + 8, columnPairs, d02);
        Store(c, output + 12, columnPairs, d03);
        output += 16 * columnPairs;
        Store(c, output, columnPairs, d10);
        Store(c, output + 4, columnPairs, d11);
        Store(c, output + 8, columnPairs, d12);
        Store(c, output + 12, columnPairs, d13);
    }

    /// <summary>ILGPU's O2 as shipped reads x[i] only after it has been overwritten.</summary>
    public static void LoadStoreBranchKernel(ArrayView<int> x, ArrayView<int> y)
    {
        int i = Grid.GlobalIndex.X;
        int old = x[i];
        x[i] = 0;
        if (old > 5)
        {
            y[i] = 1;
        }
    }

    public static void VectorsKernel(ArrayView<float> x, ArrayView<Accumulator4> y, Accumulator4 scale)
    {
        int i = Grid.GlobalIndex.X;
        Accumulator4 quad = x.Cast<Accumulator4>()[i];
        quad.X *= scale.X;
        quad.Y *= scale.Y;
        quad.Z *= scale.Z;
        quad.W *= scale.W;
        y[i] = quad;
    }

    public static void DynamicKernel(ArrayView<int> y)
    {
        ArrayView<int> shared = SharedMemory.GetDynamic<int>();
        shared[Group.IdxX] = Group.IdxX;
        Group.Barrier();
        y[Group.IdxX] = shared[Group.DimX - 1 - Group.IdxX] + (1000 * shared.IntLength);
    }

    public static void FunctionsKernel(ArrayView<float> x, ArrayView<float> y)
    {
        int i = Group.IdxX;
        float v = x[i];
        y[i] = XMath.Exp(v);
        y[32 + i] = XMath.Log(v);
        y[64 + i] = XMath.Tanh(v);
        y[96 + i] = XMath.Sqrt(v);
        y[128 + i] = XMath.Rsqrt(v);
        y[160 + i] = XMath.Sin(v);
        y[192 + i] = XMath.Cos(v);
        y[224 + i] = XMath.Min(v, 1.5f) / XMath.Max(v, 2f);
        y[256 + i] = XMath.Abs(-v);
        y[288 + i] = (float)(v * (double)v);
        y[320 + i] = (int)(v * 3);
    }

    public static void IntegersKernel(ArrayView<int> x, ArrayView<int> y, ArrayView<byte> bytes, ArrayView<ushort> shorts)
    {
        int i = Group.IdxX;
        int v = x[i];
        y[i] = v / 7;
        y[32 + i] = v % 7;
        y[64 + i] = (int)((uint)v / 5u);
        y[96 + i] = v >> 3;
        y[128 + i] = (int)((uint)v >> 3);
        y[160 + i] = v << 5;
        y[192 + i] = IntrinsicMath.PopCount(v) + IntrinsicMath.LeadingZeroCount(v) + IntrinsicMath.TrailingZeroCount(v);
        y[224 + i] = Math.Abs(v) + Math.Min(v, 3) + Math.Max(v, -3);
        y[256 + i] = (int)((long)v * v % 1000);
        y[288 + i] = (v ^ 0x55) & ~i | 2;
        bytes[i] = (byte)(bytes[i] + v);
        y[320 + i] = (sbyte)bytes[i];
        shorts[i] = (ushort)(shorts[i] * 3);
        y[352 + i] = (short)shorts[i];
    }

    /// <summary>Lanes part and meet again: nested branches, a loop of a length of its own, a switch.</summary>
    public static void BranchesKernel(ArrayView<int> x, ArrayView<int> y)
    {
        int i = Grid.GlobalIndex.X;
        int value = x[i];
        int result = 0;
        for (int step = 0; step < value; step++)
        {
            if ((step & 1) == 0)
            {
                result += step;
            }
            else if (step % 3 == 0)
            {
                result -= 2;
                continue;
            }

            if (result > 40)
            {
                break;
            }
        }

        switch (value)
        {
            case 0:
                result += 100;
                break;
            case 1:
                result += 200;
                break;
            case 2:
                result += 300;
                break;
            case 3:
                result += 400;
                break;
        }

        y[i] = result;
    }

    public static void AtomicsKernel(ArrayView<int> counters, ArrayView<float> sum)
    {
        int i = Grid.GlobalIndex.X;
        Atomic.Add(ref counters[0], 1);
        Atomic.Max(ref counters[1], i);
        Atomic.Min(ref counters[2], -i);
        Atomic.Or(ref counters[3], 1 << (i & 31));
        int old = Atomic.Exchange(ref counters[4], i);
        Atomic.Add(ref counters[5], old >= 0 ? 1 : 0);
        Atomic.CompareExchange(ref counters[6], 0, i + 1);
        Atomic.Add(ref sum[0], 0.5f);
    }

    public static void FusedKernel(ArrayView<float> x, ArrayView<float> y)
    {
        int i = Group.IdxX;
        y[i] = PtxIntrinsics.FusedMultiplyAdd(x[i], x[i], -1f);
    }

    public static void LocalArrayKernel(ArrayView<int> y)
    {
        var table = new int[8];
        for (int index = 0; index < 8; index++)
        {
            table[index] = index * index;
        }

        y[Group.IdxX] = table[Group.IdxX & 7];
    }

    private static void Store(ArrayView<uint> c, int output, int columnPairs, Accumulator4 d)
    {
        c[output] = PtxIntrinsics.PackBFloat16(d.X, d.Y);
        c[output + (8 * columnPairs)] = PtxIntrinsics.PackBFloat16(d.Z, d.W);
    }
}
