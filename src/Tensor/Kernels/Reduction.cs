using System.Runtime.CompilerServices;
using ILGPU;

namespace TinyLM;

/// <summary>
/// Sums over all elements of a tensor. Chunks of <see cref="ChunkLength"/> are summed on their own and then added in order, in double
/// on the CPU, so that the number of threads does not show.
/// </summary>
public static unsafe class Reduction
{
    private const int ChunkLength = 1 << 14;
    private const int GroupSize = 256;
    private static readonly GpuKernel ChunkGpu = new(ChunkKernel);
    private static readonly GpuKernel TotalGpu = new(TotalKernel);
    private static readonly GpuKernel BroadcastGpu = new(BroadcastKernel);

    /// <summary>y [1, 1] = scale · Σ x.</summary>
    public static void Sum(Tensor x, Tensor y, float scale = 1) => Run(x, y, scale, squared: false);

    /// <summary>y [1, 1] = Σ x²: the square of the Frobenius norm.</summary>
    public static void SumOfSquares(Tensor x, Tensor y) => Run(x, y, scale: 1, squared: true);

    /// <summary>The backward pass of <see cref="Sum"/>: every element of dx = (or +=) scale · dy [1, 1].</summary>
    public static void SumBackward(Tensor dy, float scale, Tensor dx, bool accumulate)
    {
        Shapes.Check(nameof(SumBackward), nameof(dy), dy, 1, 1);
        switch (dx.Device)
        {
            case CpuDevice cpu:
                cpu.For((dx.Length + VectorLane.Width - 1) / VectorLane.Width, new BroadcastBody(*dy.Pointer * scale, dx, accumulate), ChunkLength / VectorLane.Width);
                break;
            case GpuDevice gpu:
                gpu.Launch(BroadcastGpu, (int)((dx.Length + GroupSize - 1) / GroupSize), GroupSize)
                    .With(dy).With(scale).With(dx).With(dx.Length).With(accumulate ? 1 : 0).Run();
                break;
        }
    }

    private static void Run(Tensor x, Tensor y, float scale, bool squared)
    {
        Shapes.Check(squared ? nameof(SumOfSquares) : nameof(Sum), nameof(y), y, 1, 1);
        int chunks = (int)((x.Length + ChunkLength - 1) / ChunkLength);
        switch (x.Device)
        {
            case CpuDevice cpu:
                double* sums = (double*)cpu.SharedScratch(2L * chunks + VectorLane.Width);
                cpu.For(chunks, new ChunkBody(x, sums, squared));
                double total = 0;
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    total += sums[chunk];
                }

                *y.Pointer = (float)(total * scale);
                break;
            case GpuDevice gpu:
                Tensor partial = gpu.Temporary(1, Math.Max(1, chunks));
                gpu.Launch(ChunkGpu, Math.Max(1, chunks), GroupSize).With(x).With(x.Length).With(partial).With(squared ? 1 : 0).Run();
                gpu.Launch(TotalGpu, 1, 1).With(partial).With(partial.Columns).With(y).With(scale).Run();
                break;
        }
    }

    private readonly struct ChunkBody(Tensor x, double* sums, bool squared) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer;
        private readonly long _length = x.Length;
        private readonly double* _sums = sums;
        private readonly bool _squared = squared;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long chunk = start; chunk < end; chunk++)
            {
                float* x = _x + chunk * ChunkLength;
                int count = (int)Math.Min(ChunkLength, _length - chunk * ChunkLength);
                VectorLane sum = VectorLane.Constant(0);
                for (int i = 0; i < count; i += VectorLane.Width)
                {
                    VectorLane value = VectorLane.LoadFirst(x + i, count - i);
                    sum = _squared ? VectorLane.MultiplyAdd(value, value, sum) : sum + value;
                }

                _sums[chunk] = sum.Sum();
            }
        }
    }

    private readonly struct BroadcastBody(float value, Tensor x, bool accumulate) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer;
        private readonly long _length = x.Length;
        private readonly bool _accumulate = accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            VectorLane sum = VectorLane.Constant(value);
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                (_accumulate ? VectorLane.Load(_x + i) + sum : sum).StoreFirst(_x + i, (int)Math.Min(VectorLane.Width, _length - i));
            }
        }
    }

    private static void BroadcastKernel(ArrayView<float> dy, float scale, ArrayView<float> dx, long length, int accumulate)
    {
        long i = (long)Grid.IdxX * GroupSize + Group.IdxX;
        if (i < length)
        {
            dx[i] = accumulate != 0 ? dx[i] + dy[0] * scale : dy[0] * scale;
        }
    }

    /// <summary>A group a chunk: each thread its stride, then a tree in shared memory.</summary>
    private static void ChunkKernel(ArrayView<float> x, long length, ArrayView<float> partial, int squared)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(GroupSize);
        int thread = Group.IdxX;
        long first = (long)Grid.IdxX * ChunkLength, last = first + ChunkLength < length ? first + ChunkLength : length;
        float sum = 0;
        for (long i = first + thread; i < last; i += GroupSize)
        {
            sum += squared != 0 ? x[i] * x[i] : x[i];
        }

        sums[thread] = sum;
        Group.Barrier();
        for (int half = GroupSize / 2; half > 0; half >>= 1)
        {
            if (thread < half)
            {
                sums[thread] += sums[thread + half];
            }

            Group.Barrier();
        }

        if (thread == 0)
        {
            partial[Grid.IdxX] = sums[0];
        }
    }

    private static void TotalKernel(ArrayView<float> partial, int chunks, ArrayView<float> y, float scale)
    {
        double total = 0;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            total += partial[chunk];
        }

        y[0] = (float)(total * scale);
    }
}
