using System.Runtime.CompilerServices;
using ILGPU;

namespace TinyLM;

/// <summary>Copies some columns of a matrix into some of another: slices and concatenation, and their gradients.</summary>
public static unsafe class ColumnRange
{
    private const int GroupSize = 256;
    private const int SmallestShare = 1 << 12;
    private static readonly GpuKernel CopyGpu = new(CopyKernel);

    /// <summary>target[:, targetColumn + i] = (or +=) source[:, sourceColumn + i] for i below <paramref name="count"/>; the other columns stay.</summary>
    public static void Copy(Tensor source, int sourceColumn, Tensor target, int targetColumn, int count, bool accumulate)
    {
        Shapes.Check(nameof(ColumnRange), nameof(target), target, source.Rows, target.Columns);
        Check(nameof(source), source, sourceColumn, count);
        Check(nameof(target), target, targetColumn, count);
        switch (source.Device)
        {
            case CpuDevice cpu:
                cpu.For(source.Rows, new CopyBody(source, sourceColumn, target, targetColumn, count, accumulate), Math.Max(1, SmallestShare / Math.Max(1, count)));
                break;
            case GpuDevice gpu:
                long length = (long)source.Rows * count;
                gpu.Launch(CopyGpu, (int)((length + GroupSize - 1) / GroupSize), GroupSize)
                    .With(source).With(source.Columns).With(sourceColumn).With(target).With(target.Columns).With(targetColumn)
                    .With(count).With(length).With(accumulate ? 1 : 0).Run();
                break;
        }
    }

    private static void Check(string name, Tensor tensor, int column, int count)
    {
        if (column < 0 || count < 1 || column + (long)count > tensor.Columns)
        {
            throw new ArgumentOutOfRangeException(
                name, $"ColumnRange: columns {column} to {column + (long)count - 1} of {name} lie outside {tensor.Describe()}.");
        }
    }

    private readonly struct CopyBody(Tensor source, int sourceColumn, Tensor target, int targetColumn, int count, bool accumulate) : CpuDevice.IRangeBody
    {
        private readonly float* _source = source.Pointer + sourceColumn, _target = target.Pointer + targetColumn;
        private readonly int _sourceStride = source.Columns, _targetStride = target.Columns, _count = count;
        private readonly bool _accumulate = accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                float* source = _source + row * _sourceStride, target = _target + row * _targetStride;
                for (int i = 0; i < _count; i += VectorLane.Width)
                {
                    VectorLane value = VectorLane.Load(source + i);
                    (_accumulate ? VectorLane.Load(target + i) + value : value).StoreFirst(target + i, _count - i);
                }
            }
        }
    }

    private static void CopyKernel(
        ArrayView<float> source, int sourceStride, int sourceColumn, ArrayView<float> target, int targetStride, int targetColumn, int count, long length, int accumulate)
    {
        long i = (long)Grid.IdxX * GroupSize + Group.IdxX;
        if (i >= length)
        {
            return;
        }

        long row = i / count, column = i - row * count;
        long at = row * targetStride + targetColumn + column;
        float value = source[row * sourceStride + sourceColumn + column];
        target[at] = accumulate != 0 ? target[at] + value : value;
    }
}
