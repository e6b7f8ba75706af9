namespace TinyLM;

/// <summary>
/// y = x · r · gain, with r = 1 / √(mean(x²) + ε) over each row (Zhang and Sennrich, "Root mean square layer normalization", 2019). With x̂ = x·r
/// and w = dy · gain: dx = r · (w - x̂ · mean(w·x̂)), dgain = Σ over rows of dy·x̂. <remarks>torch.nn.functional.rms_norm</remarks>
/// </summary>
public static partial class RmsNorm
{
    /// <param name="x">[rows, columns].</param>
    /// <param name="gain">[1, columns], or [1, head size], which all heads share; or none for a gain of 1.</param>
    /// <param name="y">[rows, columns].</param>
    /// <param name="inverseRms">[rows, 1], or [rows · heads, 1]: r, which the backward pass needs.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="headCount">The norm is of each of the first heads of a row by itself, and the other columns are copied; 0: of whole rows.</param>
    /// <param name="headSize">Columns of a head.</param>
    public static void Forward(Tensor x, Tensor gain, Tensor y, Tensor inverseRms, float epsilon, int headCount = 0, int headSize = 0)
    {
        NormRows layout = NormRows.Of(nameof(RmsNorm), x, headCount, headSize);
        int rows = x.Rows * layout.PerRow;
        Shapes.CheckOptional(nameof(RmsNorm), nameof(gain), gain, 1, layout.Size);
        Shapes.Check(nameof(RmsNorm), nameof(y), y, x.Rows, x.Columns);
        Shapes.Check(nameof(RmsNorm), nameof(inverseRms), inverseRms, rows, 1);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(rows, new ForwardBody(x, layout, gain, y, inverseRms, epsilon), smallestShare: 8);
                break;
            case GpuDevice gpu:
                gpu.Launch(ForwardGpu, GpuReduction.GroupsForRows(rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(gain).With(y).With(inverseRms).With(epsilon).With(rows).WithStruct(layout).Run();
                break;
        }
    }

    /// <summary>Writes (or adds to, by the flags) dx and dgain; dgain may be none.</summary>
    public static void Backward(
        Tensor x,
        Tensor gain,
        Tensor inverseRms,
        Tensor dy,
        Tensor dx,
        bool accumulateX,
        Tensor dgain,
        bool accumulateGain,
        int headCount = 0,
        int headSize = 0)
    {
        NormRows layout = NormRows.Of(nameof(RmsNorm), x, headCount, headSize);
        int rows = x.Rows * layout.PerRow;
        Shapes.Check(nameof(RmsNorm), nameof(dy), dy, x.Rows, x.Columns);
        Shapes.Check(nameof(RmsNorm), nameof(dx), dx, x.Rows, x.Columns);
        Shapes.CheckOptional(nameof(RmsNorm), nameof(dgain), dgain, 1, layout.Size);
        int chunks = ColumnSums.ChunkCount(rows);
        switch (x.Device)
        {
            case CpuDevice cpu:
                BackwardCpu(cpu, chunks, x, layout, gain, inverseRms, dy, dx, accumulateX, dgain, accumulateGain);
                break;
            case GpuDevice gpu:
                gpu.Launch(BackwardGpu, GpuReduction.GroupsForRows(rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(gain).With(inverseRms).With(dy).With(dx).With(accumulateX ? 1 : 0).With(rows).WithStruct(layout).Run();
                if (!dgain.IsNone)
                {
                    Tensor partial = gpu.Temporary(chunks, layout.Size);
                    gpu.Launch(GainGpu, (layout.Size + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize, GpuReduction.WarpSize, chunks)
                        .With(x).With(inverseRms).With(dy).With(partial).With(rows).WithStruct(layout).Run();
                    ColumnSums.AddChunks(gpu, partial, dgain, accumulateGain);
                }

                break;
        }
    }
}
