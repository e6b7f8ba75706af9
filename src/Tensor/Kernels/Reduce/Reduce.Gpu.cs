using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

/// <content>GPU: a warp a row; a thread a document and column, so that a warp reads whole sectors.</content>
public static partial class Reduce
{
    private static readonly GpuKernel RowsGpu = new(RowsKernel);
    private static readonly GpuKernel RowsBackwardGpu = new(RowsBackwardKernel);
    private static readonly GpuKernel DocumentsGpu = new(DocumentsKernel);
    private static readonly GpuKernel DocumentsBackwardGpu = new(DocumentsBackwardKernel);

    private static void RowsKernel(int kind, ArrayView<float> x, ArrayView<float> y, int accumulate, int rows, int columns)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        long first = (long)row * columns;
        float sum = 0, largest = float.NegativeInfinity;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float value = x[first + i];
            sum += value;
            largest = value > largest ? value : largest;
        }

        sum = GpuReduction.WarpSum(sum);
        largest = GpuReduction.WarpMax(largest);
        float result = kind == (int)ReductionKind.Sum ? sum : kind == (int)ReductionKind.Mean ? sum / columns : largest;
        if (kind == (int)ReductionKind.LogSumExp)
        {
            float shift = LaneMath.Finite(largest), total = 0;
            for (int i = lane; i < columns; i += GpuReduction.WarpSize)
            {
                total += XMath.Exp(x[first + i] - shift);
            }

            result = shift + XMath.Log(GpuReduction.WarpSum(total));
        }

        if (lane == 0)
        {
            y[row] = accumulate != 0 ? y[row] + result : result;
        }
    }

    private static void RowsBackwardKernel(
        int kind, ArrayView<float> x, ArrayView<float> y, ArrayView<float> dy, ArrayView<float> dx, int accumulate, int rows, int columns)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        long first = (long)row * columns;
        float result = y[row], upstream = dy[row];
        float earliest = float.PositiveInfinity;
        if (kind == (int)ReductionKind.Max)
        {
            for (int i = lane; i < columns; i += GpuReduction.WarpSize)
            {
                if (x[first + i] >= result && i < earliest)
                {
                    earliest = i;
                }
            }

            earliest = -GpuReduction.WarpMax(-earliest);
        }

        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float gradient = upstream;
            if (kind == (int)ReductionKind.Mean)
            {
                gradient = upstream / columns;
            }
            else if (kind == (int)ReductionKind.Max)
            {
                gradient = i == (int)earliest ? upstream : 0f;
            }
            else if (kind == (int)ReductionKind.LogSumExp)
            {
                gradient = XMath.Exp(x[first + i] - LaneMath.Finite(result)) * upstream;
            }

            dx[first + i] = accumulate != 0 ? dx[first + i] + gradient : gradient;
        }
    }

    private static void DocumentsKernel(int kind, ArrayView<float> x, ArrayView<int> starts, ArrayView<float> y, int columns)
    {
        int warps = (columns + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize;
        int document = Grid.IdxX / warps, column = Grid.IdxX % warps * GpuReduction.WarpSize + Group.IdxX;
        if (column >= columns)
        {
            return;
        }

        int start = starts[document], end = starts[document + 1];
        float sum = 0, largest = float.NegativeInfinity;
        for (int row = start; row < end; row++)
        {
            float value = x[(long)row * columns + column];
            sum += value;
            largest = value > largest ? value : largest;
        }

        float result = kind == (int)ReductionKind.Sum ? sum : kind == (int)ReductionKind.Mean ? sum / (end - start) : largest;
        if (kind == (int)ReductionKind.LogSumExp)
        {
            float shift = LaneMath.Finite(largest), total = 0;
            for (int row = start; row < end; row++)
            {
                total += XMath.Exp(x[(long)row * columns + column] - shift);
            }

            result = shift + XMath.Log(total);
        }

        y[(long)document * columns + column] = result;
    }

    private static void DocumentsBackwardKernel(
        int kind, ArrayView<float> x, ArrayView<int> starts, ArrayView<float> y, ArrayView<float> dy, ArrayView<float> dx, int accumulate, int columns)
    {
        int warps = (columns + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize;
        int document = Grid.IdxX / warps, column = Grid.IdxX % warps * GpuReduction.WarpSize + Group.IdxX;
        if (column >= columns)
        {
            return;
        }

        int start = starts[document], end = starts[document + 1];
        float result = y[(long)document * columns + column], left = dy[(long)document * columns + column];
        if (kind == (int)ReductionKind.Mean)
        {
            left /= end - start;
        }

        for (int row = start; row < end; row++)
        {
            long at = (long)row * columns + column;
            float gradient = left;
            if (kind == (int)ReductionKind.Max)
            {
                bool isLargest = x[at] >= result;
                gradient = isLargest ? left : 0f;
                left = isLargest ? 0f : left;
            }
            else if (kind == (int)ReductionKind.LogSumExp)
            {
                gradient = XMath.Exp(x[at] - LaneMath.Finite(result)) * left;
            }

            dx[at] = accumulate != 0 ? dx[at] + gradient : gradient;
        }
    }
}
