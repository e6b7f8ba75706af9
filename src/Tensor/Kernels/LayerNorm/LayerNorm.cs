namespace TinyLM;

/// <summary>
/// y = x̂ · gain + bias, with x̂ = (x - mean) / √(variance + ε) over each row (Ba et al., "Layer normalization", 2016). With
/// w = dy · gain and r = 1/√(variance + ε): dx = r · (w - mean(w) - x̂ · mean(w·x̂)), dgain = Σ dy·x̂ and dbias = Σ dy over rows.
/// <remarks>torch.nn.functional.layer_norm</remarks>
/// </summary>
public static unsafe partial class LayerNorm
{
    /// <param name="x">[rows, columns].</param>
    /// <param name="gain">[1, columns], or [1, head size], which all heads share; or none for a gain of 1.</param>
    /// <param name="bias">As the gain; or none.</param>
    /// <param name="y">[rows, columns].</param>
    /// <param name="statistics">[rows, 2], or [rows · heads, 2]: mean and r of each row, which the backward pass needs.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="headCount">The norm is of each of the first heads of a row by itself, and the other columns are copied; 0: of whole rows.</param>
    /// <param name="headSize">Columns of a head.</param>
    public static void Forward(
        Tensor x, Tensor gain, Tensor bias, Tensor y, Tensor statistics, float epsilon, int headCount = 0, int headSize = 0)
    {
        NormRows layout = NormRows.Of(nameof(LayerNorm), x, headCount, headSize);
        int rows = x.Rows * layout.PerRow;
        Shapes.CheckOptional(nameof(LayerNorm), nameof(gain), gain, 1, layout.Size);
        Shapes.CheckOptional(nameof(LayerNorm), nameof(bias), bias, 1, layout.Size);
        Shapes.Check(nameof(LayerNorm), nameof(y), y, x.Rows, x.Columns);
        Shapes.Check(nameof(LayerNorm), nameof(statistics), statistics, rows, 2);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(rows, new ForwardBody(x, layout, gain, bias, y, statistics, epsilon), smallestShare: 8);
                break;
            case GpuDevice gpu:
                gpu.Launch(ForwardGpu, GpuReduction.GroupsForRows(rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(gain).With(bias).With(y).With(statistics).With(epsilon).With(rows).WithStruct(layout).Run();
                break;
        }
    }

    /// <summary>Writes (or adds to, by the flags) dx, dgain and dbias; the last two may be none.</summary>
    public static void Backward(
        Tensor x,
        Tensor gain,
        Tensor statistics,
        Tensor dy,
        Tensor dx,
        bool accumulateX,
        Tensor dgain,
        bool accumulateGain,
        Tensor dbias,
        bool accumulateBias,
        int headCount = 0,
        int headSize = 0)
    {
        NormRows layout = NormRows.Of(nameof(LayerNorm), x, headCount, headSize);
        int rows = x.Rows * layout.PerRow;
        Shapes.Check(nameof(LayerNorm), nameof(dy), dy, x.Rows, x.Columns);
        Shapes.Check(nameof(LayerNorm), nameof(dx), dx, x.Rows, x.Columns);
        Shapes.CheckOptional(nameof(LayerNorm), nameof(dgain), dgain, 1, layout.Size);
        Shapes.CheckOptional(nameof(LayerNorm), nameof(dbias), dbias, 1, layout.Size);
        int chunks = ColumnSums.ChunkCount(rows);
        switch (x.Device)
        {
            case CpuDevice cpu:
                // Gain and bias always share one pass; whoever is none is just not read.
                long size = (long)chunks * layout.Size;
                float* partial = cpu.SharedScratch(2 * size + VectorLane.Width);
                cpu.For(chunks, new BackwardBody(x, layout, gain, statistics, dy, dx, accumulateX, partial, partial + size));
                AddChunks(partial, chunks, layout.Size, dgain, accumulateGain);
                AddChunks(partial + size, chunks, layout.Size, dbias, accumulateBias);
                break;
            case GpuDevice gpu:
                gpu.Launch(BackwardGpu, GpuReduction.GroupsForRows(rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(gain).With(statistics).With(dy).With(dx).With(accumulateX ? 1 : 0).With(rows).WithStruct(layout).Run();
                if (!dgain.IsNone || !dbias.IsNone)
                {
                    ParameterGradients(gpu, x, layout, statistics, dy, dgain, accumulateGain, dbias, accumulateBias);
                }

                break;
        }
    }

    private static void AddChunks(float* partial, int chunks, int columns, Tensor target, bool accumulate)
    {
        if (!target.IsNone)
        {
            ColumnSums.AddChunks(partial, chunks, columns, target.Pointer, accumulate);
        }
    }
}
