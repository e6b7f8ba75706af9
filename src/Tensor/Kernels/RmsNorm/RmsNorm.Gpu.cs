using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

/// <content>GPU: a warp a row; the gain's gradient by column and chunk of rows.</content>
public static partial class RmsNorm
{
    private static readonly GpuKernel ForwardGpu = new(ForwardKernel);
    private static readonly GpuKernel BackwardGpu = new(BackwardKernel);
    private static readonly GpuKernel GainGpu = new(GainKernel);

    private static void ForwardKernel(
        ArrayView<float> x, ArrayView<float> gain, ArrayView<float> y, ArrayView<float> inverseRms, float epsilon, int rows, NormRows layout)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        int first = layout.Start(row), columns = layout.Size;
        float squares = 0;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            squares += x[first + i] * x[first + i];
        }

        float inverse = 1 / XMath.Sqrt(GpuReduction.WarpSum(squares) / columns + epsilon);
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float normed = x[first + i] * inverse;
            y[first + i] = gain.Length > 0 ? normed * gain[i] : normed;
        }

        layout.CopyRest(row, lane, x, y, accumulate: 0);
        if (lane == 0)
        {
            inverseRms[row] = inverse;
        }
    }

    private static void BackwardKernel(
        ArrayView<float> x, ArrayView<float> gain, ArrayView<float> inverseRms, ArrayView<float> dy, ArrayView<float> dx, int accumulate, int rows, NormRows layout)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        int first = layout.Start(row), columns = layout.Size;
        float inverse = inverseRms[row], products = 0;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float weighted = gain.Length > 0 ? dy[first + i] * gain[i] : dy[first + i];
            products += weighted * (x[first + i] * inverse);
        }

        float mean = GpuReduction.WarpSum(products) / columns;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float weighted = gain.Length > 0 ? dy[first + i] * gain[i] : dy[first + i];
            float gradient = inverse * (weighted - x[first + i] * inverse * mean);
            dx[first + i] = accumulate != 0 ? dx[first + i] + gradient : gradient;
        }

        layout.CopyRest(row, lane, dy, dx, accumulate);
    }

    private static void GainKernel(ArrayView<float> x, ArrayView<float> inverseRms, ArrayView<float> dy, ArrayView<float> partial, int rows, NormRows layout)
    {
        int column = Grid.IdxX * GpuReduction.WarpSize + Group.IdxX, chunk = Grid.IdxY, columns = layout.Size;
        if (column >= columns)
        {
            return;
        }

        int last = (chunk + 1) * ColumnSums.ChunkRows < rows ? (chunk + 1) * ColumnSums.ChunkRows : rows;
        float sum = 0;
        for (int row = chunk * ColumnSums.ChunkRows; row < last; row++)
        {
            int at = layout.Start(row) + column;
            sum += dy[at] * (x[at] * inverseRms[row]);
        }

        partial[chunk * columns + column] = sum;
    }
}
