namespace TinyLM;

/// <summary>
/// y = x · r · gain, with r = 1 / √(mean(x²) + ε) over each row (Zhang and Sennrich, "Root mean square layer normalization", 2019). With x̂ = x·r
/// and w = dy · gain: dx = r · (w - x̂ · mean(w·x̂)), dgain = Σ over rows of dy·x̂. <remarks>torch.nn.functional.rms_norm</remarks>
/// </summary>
public static partial class RmsNorm
{
    /// <param name="x">[rows, columns].</param>
    /// <param name="gain">[1, columns], or none for a gain of 1.</param>
    /// <param name="y">[rows, columns].</param>
    /// <param name="inverseRms">[rows, 1]: r, which the backward pass needs.</param>
    /// <param name="epsilon">ε.</param>
    public static void Forward(Tensor x, Tensor gain, Tensor y, Tensor inverseRms, float epsilon)
    {
        Shapes.CheckOptional(nameof(RmsNorm), nameof(gain), gain, 1, x.Columns);
        Shapes.Check(nameof(RmsNorm), nameof(y), y, x.Rows, x.Columns);
        Shapes.Check(nameof(RmsNorm), nameof(inverseRms), inverseRms, x.Rows, 1);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(x.Rows, new ForwardBody(x, gain, y, inverseRms, epsilon), smallestShare: 8);
                break;
            case GpuDevice gpu:
                gpu.Launch(ForwardGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(gain).With(y).With(inverseRms).With(epsilon).With(x.Rows).With(x.Columns).Run();
                break;
        }
    }

    /// <summary>Writes (or adds to, by the flags) dx and dgain; dgain may be none.</summary>
    public static void Backward(
        Tensor x, Tensor gain, Tensor inverseRms, Tensor dy, Tensor dx, bool accumulateX, Tensor dgain, bool accumulateGain)
    {
        Shapes.Check(nameof(RmsNorm), nameof(dy), dy, x.Rows, x.Columns);
        Shapes.Check(nameof(RmsNorm), nameof(dx), dx, x.Rows, x.Columns);
        Shapes.CheckOptional(nameof(RmsNorm), nameof(dgain), dgain, 1, x.Columns);
        int chunks = ColumnSums.ChunkCount(x.Rows);
        switch (x.Device)
        {
            case CpuDevice cpu:
                BackwardCpu(cpu, chunks, x, gain, inverseRms, dy, dx, accumulateX, dgain, accumulateGain);
                break;
            case GpuDevice gpu:
                gpu.Launch(BackwardGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(gain).With(inverseRms).With(dy).With(dx).With(accumulateX ? 1 : 0).With(x.Rows).With(x.Columns).Run();
                if (!dgain.IsNone)
                {
                    Tensor partial = gpu.Temporary(chunks, x.Columns);
                    gpu.Launch(GainGpu, (x.Columns + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize, GpuReduction.WarpSize, chunks)
                        .With(x).With(inverseRms).With(dy).With(partial).With(x.Rows).With(x.Columns).Run();
                    ColumnSums.AddChunks(gpu, partial, dgain, accumulateGain);
                }

                break;
        }
    }
}
