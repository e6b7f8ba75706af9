namespace TinyLM;

/// <summary>
/// y = x̂ · gain + bias, with x̂ = (x - mean) / √(variance + ε) over each row (Ba et al., "Layer normalization", 2016). With
/// w = dy · gain and r = 1/√(variance + ε): dx = r · (w - mean(w) - x̂ · mean(w·x̂)), dgain = Σ dy·x̂ and dbias = Σ dy over rows.
/// <remarks>torch.nn.functional.layer_norm</remarks>
/// </summary>
public static unsafe partial class LayerNorm
{
    /// <param name="x">[rows, columns].</param>
    /// <param name="gain">[1, columns], or none for a gain of 1.</param>
    /// <param name="bias">[1, columns], or none.</param>
    /// <param name="y">[rows, columns].</param>
    /// <param name="statistics">[rows, 2]: mean and r of each row, which the backward pass needs.</param>
    /// <param name="epsilon">ε.</param>
    public static void Forward(Tensor x, Tensor gain, Tensor bias, Tensor y, Tensor statistics, float epsilon)
    {
        Shapes.CheckOptional(nameof(LayerNorm), nameof(gain), gain, 1, x.Columns);
        Shapes.CheckOptional(nameof(LayerNorm), nameof(bias), bias, 1, x.Columns);
        Shapes.Check(nameof(LayerNorm), nameof(y), y, x.Rows, x.Columns);
        Shapes.Check(nameof(LayerNorm), nameof(statistics), statistics, x.Rows, 2);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(x.Rows, new ForwardBody(x, gain, bias, y, statistics, epsilon), smallestShare: 8);
                break;
            case GpuDevice gpu:
                gpu.Launch(ForwardGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(gain).With(bias).With(y).With(statistics).With(epsilon).With(x.Rows).With(x.Columns).Run();
                break;
        }
    }

    /// <summary>Writes (or adds to, by the flags) dx, dgain and dbias; the last two may be none.</summary>
    public static void Backward(
        Tensor x, Tensor gain, Tensor statistics, Tensor dy, Tensor dx, bool accumulateX, Tensor dgain, bool accumulateGain, Tensor dbias, bool accumulateBias)
    {
        Shapes.Check(nameof(LayerNorm), nameof(dy), dy, x.Rows, x.Columns);
        Shapes.Check(nameof(LayerNorm), nameof(dx), dx, x.Rows, x.Columns);
        Shapes.CheckOptional(nameof(LayerNorm), nameof(dgain), dgain, 1, x.Columns);
        Shapes.CheckOptional(nameof(LayerNorm), nameof(dbias), dbias, 1, x.Columns);
        int chunks = ColumnSums.ChunkCount(x.Rows);
        switch (x.Device)
        {
            case CpuDevice cpu:
                // Gain and bias always share one pass; whoever is none is just not read.
                long size = (long)chunks * x.Columns;
                float* partial = cpu.SharedScratch(2 * size + VectorLane.Width);
                cpu.For(chunks, new BackwardBody(x, gain, statistics, dy, dx, accumulateX, partial, partial + size));
                AddChunks(partial, chunks, x.Columns, dgain, accumulateGain);
                AddChunks(partial + size, chunks, x.Columns, dbias, accumulateBias);
                break;
            case GpuDevice gpu:
                gpu.Launch(BackwardGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(gain).With(statistics).With(dy).With(dx).With(accumulateX ? 1 : 0).With(x.Rows).With(x.Columns).Run();
                if (!dgain.IsNone)
                {
                    GainGradient(gpu, x, statistics, dy, chunks, dgain, accumulateGain);
                }

                if (!dbias.IsNone)
                {
                    ColumnSums.Forward(dy, dbias, accumulateBias);
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
