using System.Runtime.CompilerServices;
using ILGPU;

namespace TinyLM;

/// <summary>
/// The k largest elements of each row, largest first, equals by their column. A NaN is never chosen; where too few others are left, the
/// value is -∞ and the column 0. <remarks>torch.topk, torch.argmax</remarks>
/// </summary>
public static unsafe class TopK
{
    private static readonly GpuKernel SelectGpu = new(SelectKernel);

    /// <param name="x">[rows, columns].</param>
    /// <param name="values">[rows, k]; k is at most the number of columns.</param>
    /// <param name="columns">[rows · k]: where they stand.</param>
    public static void Select(Tensor x, Tensor values, IndexTensor columns)
    {
        int count = values.Columns;
        Shapes.Check(nameof(TopK), nameof(values), values, x.Rows, count);
        if (count < 1 || count > x.Columns)
        {
            throw new ArgumentException($"TopK: k is {count}, expected 1 … {x.Columns}, the columns of {x.Describe()}.");
        }

        Shapes.CheckLength(nameof(TopK), nameof(columns), columns, x.Rows * count);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(x.Rows, new SelectBody(x, values, columns));
                break;
            case GpuDevice gpu:
                gpu.Launch(SelectGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(values).With(columns).With(x.Rows).With(x.Columns).With(count).Run();
                break;
        }
    }

    /// <summary>The column of each row's largest element, the first of equals: [rows].</summary>
    public static IndexTensor ArgMax(Tensor x)
    {
        Tensor values = x.Device.Temporary(x.Rows, 1);
        IndexTensor columns = x.Device.TemporaryIndices(x.Rows, x.Columns);
        Select(x, values, columns);
        x.Device.Arena.Recycle(values);
        return columns;
    }

    /// <summary>A row's k largest so far, kept in order: most elements are refused by one comparison.</summary>
    private readonly struct SelectBody(Tensor x, Tensor values, IndexTensor columns) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _values = values.Pointer;
        private readonly int* _columns = columns.Pointer;
        private readonly int _width = x.Columns, _count = values.Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                float* x = _x + row * _width, best = _values + row * _count;
                int* columns = _columns + row * _count;
                new Span<float>(best, _count).Fill(float.NegativeInfinity);
                new Span<int>(columns, _count).Clear();
                int found = 0;
                for (int column = 0; column < _width; column++)
                {
                    float value = x[column];
                    if (float.IsNaN(value) || (found == _count && !(value > best[_count - 1])))
                    {
                        continue;
                    }

                    int place = found < _count ? found++ : _count - 1;
                    for (; place > 0 && value > best[place - 1]; place--)
                    {
                        (best[place], columns[place]) = (best[place - 1], columns[place - 1]);
                    }

                    (best[place], columns[place]) = (value, column);
                }
            }
        }
    }

    /// <summary>A warp a row, k times: the largest of those that come after the one before.</summary>
    private static void SelectKernel(ArrayView<float> x, ArrayView<float> values, ArrayView<int> columns, int rows, int width, int count)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        long first = (long)row * width;
        float last = float.PositiveInfinity;
        int lastColumn = -1;
        for (int place = 0; place < count; place++)
        {
            float best = float.NegativeInfinity;
            int bestColumn = int.MaxValue;
            for (int i = lane; i < width; i += GpuReduction.WarpSize)
            {
                float value = x[first + i];
                bool comesAfter = value < last || (value == last && i > lastColumn);
                if (comesAfter && (value > best || (value == best && i < bestColumn)))
                {
                    best = value;
                    bestColumn = i;
                }
            }

            for (int offset = GpuReduction.WarpSize / 2; offset > 0; offset >>= 1)
            {
                float otherBest = Warp.ShuffleXor(best, offset);
                int otherColumn = Warp.ShuffleXor(bestColumn, offset);
                if (otherBest > best || (otherBest == best && otherColumn < bestColumn))
                {
                    best = otherBest;
                    bestColumn = otherColumn;
                }
            }

            last = best;
            lastColumn = bestColumn;
            if (lane == 0)
            {
                values[(long)row * count + place] = best;
                columns[(long)row * count + place] = bestColumn == int.MaxValue ? 0 : bestColumn;
            }
        }
    }
}
