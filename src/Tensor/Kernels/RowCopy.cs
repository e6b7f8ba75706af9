using System.Runtime.CompilerServices;
using ILGPU;

namespace TinyLM;

/// <summary>Copies rows of a matrix to rows of another: target[targetRows[i]] = source[sourceRows[i]]; the other rows of the target stay.</summary>
/// <remarks>torch.Tensor.index_copy_</remarks>
public static unsafe class RowCopy
{
    private static readonly GpuKernel CopyGpu = new(CopyKernel);

    /// <param name="source">[rows, columns].</param>
    /// <param name="sourceRows">[copies].</param>
    /// <param name="target">[rows, columns].</param>
    /// <param name="targetRows">[copies], no two the same.</param>
    public static void Copy(Tensor source, IndexTensor sourceRows, Tensor target, IndexTensor targetRows)
    {
        Shapes.Check(nameof(RowCopy), nameof(target), target, target.Rows, source.Columns);
        Shapes.CheckLength(nameof(RowCopy), nameof(targetRows), targetRows, sourceRows.Length);
        Shapes.CheckRange(nameof(RowCopy), "source row", sourceRows, source.Rows);
        Shapes.CheckRange(nameof(RowCopy), "target row", targetRows, target.Rows);
        switch (source.Device)
        {
            case CpuDevice cpu:
                cpu.For(sourceRows.Length, new CopyBody(source, sourceRows, target, targetRows), smallestShare: 32);
                break;
            case GpuDevice gpu when sourceRows.Length > 0:
                gpu.Launch(CopyGpu, GpuReduction.GroupsForRows(sourceRows.Length), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(source).With(sourceRows).With(target).With(targetRows).With(sourceRows.Length).With(source.Columns).Run();
                break;
        }
    }

    private readonly struct CopyBody(Tensor source, IndexTensor sourceRows, Tensor target, IndexTensor targetRows) : CpuDevice.IRangeBody
    {
        private readonly float* _source = source.Pointer, _target = target.Pointer;
        private readonly int* _sourceRows = sourceRows.Pointer, _targetRows = targetRows.Pointer;
        private readonly int _columns = source.Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long i = start; i < end; i++)
            {
                Elements.Copy(_source + (long)_sourceRows[i] * _columns, _target + (long)_targetRows[i] * _columns, _columns);
            }
        }
    }

    /// <summary>A warp a row.</summary>
    private static void CopyKernel(
        ArrayView<float> source, ArrayView<int> sourceRows, ArrayView<float> target, ArrayView<int> targetRows, int copies, int columns)
    {
        int copy = GpuReduction.Row();
        if (copy >= copies)
        {
            return;
        }

        for (int column = GpuReduction.Lane(); column < columns; column += GpuReduction.WarpSize)
        {
            target[(long)targetRows[copy] * columns + column] = source[(long)sourceRows[copy] * columns + column];
        }
    }
}
