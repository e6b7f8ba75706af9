using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

/// <content>GPU: a warp a row; gradients of gain and bias by column and chunk of rows.</content>
public static partial class LayerNorm
{
    private static readonly GpuKernel ForwardGpu = new(ForwardKernel);
    private static readonly GpuKernel BackwardGpu = new(BackwardKernel);
    private static readonly GpuKernel ParametersGpu = new(ParametersKernel);

    /// <summary>Of gain and bias together, each of which may be none.</summary>
    private static void ParameterGradients(
        GpuDevice gpu,
        Tensor x,
        NormRows layout,
        Tensor statistics,
        Tensor dy,
        Tensor dgain,
        bool accumulateGain,
        Tensor dbias,
        bool accumulateBias)
    {
        int rows = x.Rows * layout.PerRow, chunks = ColumnSums.ChunkCount(rows);
        Tensor gains = dgain.IsNone ? default : gpu.Temporary(chunks, layout.Size);
        Tensor biases = dbias.IsNone ? default : gpu.Temporary(chunks, layout.Size);
        gpu.Launch(ParametersGpu, (layout.Size + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize, GpuReduction.WarpSize, chunks)
            .With(x).With(statistics).With(dy).With(gains).With(biases).With(rows).WithStruct(layout).Run();
        if (!dgain.IsNone)
        {
            ColumnSums.AddChunks(gpu, gains, dgain, accumulateGain);
        }

        if (!dbias.IsNone)
        {
            ColumnSums.AddChunks(gpu, biases, dbias, accumulateBias);
        }
    }

    private static void ForwardKernel(
        ArrayView<float> x, ArrayView<float> gain, ArrayView<float> bias, ArrayView<float> y, ArrayView<float> statistics, float epsilon, int rows, NormRows layout)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        int first = layout.Start(row), columns = layout.Size;
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

        layout.CopyRest(row, lane, x, y, accumulate: 0);
        if (lane == 0)
        {
            statistics[2 * row] = mean;
            statistics[2 * row + 1] = inverse;
        }
    }

    private static void BackwardKernel(
        ArrayView<float> x, ArrayView<float> gain, ArrayView<float> statistics, ArrayView<float> dy, ArrayView<float> dx, int accumulate, int rows, NormRows layout)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        int first = layout.Start(row), columns = layout.Size;
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

        layout.CopyRest(row, lane, dy, dx, accumulate);
    }

    private static void ParametersKernel(
        ArrayView<float> x, ArrayView<float> statistics, ArrayView<float> dy, ArrayView<float> gains, ArrayView<float> biases, int rows, NormRows layout)
    {
        int column = Grid.IdxX * GpuReduction.WarpSize + Group.IdxX, chunk = Grid.IdxY, columns = layout.Size;
        if (column >= columns)
        {
            return;
        }

        int last = (chunk + 1) * ColumnSums.ChunkRows < rows ? (chunk + 1) * ColumnSums.ChunkRows : rows;
        float gain = 0, bias = 0;
        for (int row = chunk * ColumnSums.ChunkRows; row < last; row++)
        {
            int at = layout.Start(row) + column;
            gain += dy[at] * ((x[at] - statistics[2 * row]) * statistics[2 * row + 1]);
            bias += dy[at];
        }

        if (gains.Length > 0)
        {
            gains[chunk * columns + column] = gain;
        }

        if (biases.Length > 0)
        {
            biases[chunk * columns + column] = bias;
        }
    }
}
