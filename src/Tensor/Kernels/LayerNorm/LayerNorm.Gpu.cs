using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

/// <content>GPU: a warp a row; gradients of gain and bias by column and chunk of rows.</content>
public static partial class LayerNorm
{
    private static readonly GpuKernel ForwardGpu = new(ForwardKernel);
    private static readonly GpuKernel BackwardGpu = new(BackwardKernel);
    private static readonly GpuKernel GainGpu = new(GainKernel);

    private static void GainGradient(GpuDevice gpu, Tensor x, Tensor statistics, Tensor dy, int chunks, Tensor dgain, bool accumulate)
    {
        Tensor partial = gpu.Temporary(chunks, x.Columns);
        gpu.Launch(GainGpu, (x.Columns + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize, GpuReduction.WarpSize, chunks)
            .With(x).With(statistics).With(dy).With(partial).With(x.Rows).With(x.Columns).Run();
        ColumnSums.AddChunks(gpu, partial, dgain, accumulate);
    }

    private static void ForwardKernel(
        ArrayView<float> x, ArrayView<float> gain, ArrayView<float> bias, ArrayView<float> y, ArrayView<float> statistics, float epsilon, int rows, int columns)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        int first = row * columns;
        float sum = 0;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            sum += x[first + i];
        }

        float mean = GpuReduction.WarpSum(sum) / columns, squares = 0;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float distance = x[first + i] - mean;
            squares += distance * distance;
        }

        float inverse = 1 / XMath.Sqrt(GpuReduction.WarpSum(squares) / columns + epsilon);
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float value = (x[first + i] - mean) * inverse;
            value = gain.Length > 0 ? value * gain[i] : value;
            y[first + i] = bias.Length > 0 ? value + bias[i] : value;
        }

        if (lane == 0)
        {
            statistics[2 * row] = mean;
            statistics[2 * row + 1] = inverse;
        }
    }

    private static void BackwardKernel(
        ArrayView<float> x, ArrayView<float> gain, ArrayView<float> statistics, ArrayView<float> dy, ArrayView<float> dx, int accumulate, int rows, int columns)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        int first = row * columns;
        float center = statistics[2 * row], inverse = statistics[2 * row + 1], sum = 0, products = 0;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float weighted = gain.Length > 0 ? dy[first + i] * gain[i] : dy[first + i];
            sum += weighted;
            products += weighted * ((x[first + i] - center) * inverse);
        }

        float mean = GpuReduction.WarpSum(sum) / columns, slope = GpuReduction.WarpSum(products) / columns;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float weighted = gain.Length > 0 ? dy[first + i] * gain[i] : dy[first + i];
            float gradient = inverse * (weighted - mean - (x[first + i] - center) * inverse * slope);
            dx[first + i] = accumulate != 0 ? dx[first + i] + gradient : gradient;
        }
    }

    private static void GainKernel(ArrayView<float> x, ArrayView<float> statistics, ArrayView<float> dy, ArrayView<float> partial, int rows, int columns)
    {
        int column = Grid.IdxX * GpuReduction.WarpSize + Group.IdxX, chunk = Grid.IdxY;
        if (column >= columns)
        {
            return;
        }

        int last = (chunk + 1) * ColumnSums.ChunkRows < rows ? (chunk + 1) * ColumnSums.ChunkRows : rows;
        float sum = 0;
        for (int row = chunk * ColumnSums.ChunkRows; row < last; row++)
        {
            sum += dy[row * columns + column] * ((x[row * columns + column] - statistics[2 * row]) * statistics[2 * row + 1]);
        }

        partial[chunk * columns + column] = sum;
    }
}
