namespace TinyLM;

/// <summary>
/// A matrix of its own for each document: y[t] = x[t] · w[d]ᵀ for the tokens t of document d. With w[d] the factors of a LoRA adapter (Hu et al.,
/// 2021), thousands of documents are adapted in one pass. Backward: dx[t] = dy[t] · w[d], dw[d] = Σ over its tokens of dy[t]ᵀ · x[t].
/// <remarks>torch.bmm over documents of one length; "grouped GEMM".</remarks>
/// </summary>
public static partial class SegmentMatMul
{
    /// <param name="x">[tokens, inputs].</param>
    /// <param name="w">[documents · outputs, inputs]: the matrices, one below the other.</param>
    /// <param name="offsets">The documents.</param>
    /// <param name="y">[tokens, outputs].</param>
    public static void Forward(Tensor x, Tensor w, DocumentOffsets offsets, Tensor y)
    {
        Check(x, w, offsets, y, nameof(y));
        Run(Part.Forward, x, w, y, offsets, accumulate: false);
    }

    /// <summary>dx [tokens, inputs] and dw [documents · outputs, inputs], written or added to; either may be none.</summary>
    public static void Backward(Tensor x, Tensor w, DocumentOffsets offsets, Tensor dy, Tensor dx, bool accumulateX, Tensor dw, bool accumulateW)
    {
        Check(x, w, offsets, dy, nameof(dy));
        Shapes.CheckOptional(nameof(SegmentMatMul), nameof(dx), dx, x.Rows, x.Columns);
        Shapes.CheckOptional(nameof(SegmentMatMul), nameof(dw), dw, w.Rows, w.Columns);
        if (!dx.IsNone)
        {
            Run(Part.InputGradient, dx, w, dy, offsets, accumulateX);
        }

        if (!dw.IsNone)
        {
            Run(Part.WeightGradient, x, dw, dy, offsets, accumulateW);
        }
    }

    /// <summary>Which of the three tensors is the result of a product of the two others.</summary>
    private enum Part
    {
        Forward,
        InputGradient,
        WeightGradient,
    }

    private static void Run(Part part, Tensor x, Tensor w, Tensor y, DocumentOffsets offsets, bool accumulate)
    {
        switch (x.Device)
        {
            case CpuDevice cpu:
                RunOnCpu(cpu, part, x, w, y, offsets, accumulate);
                break;
            case GpuDevice gpu:
                RunOnGpu(gpu, part, x, w, y, offsets, accumulate);
                break;
        }
    }

    private static void Check(Tensor x, Tensor w, DocumentOffsets offsets, Tensor y, string name)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        Shapes.Check(nameof(SegmentMatMul), nameof(x), x, offsets.TokenCount, x.Columns);
        if (w.Columns != x.Columns || w.Rows == 0 || w.Rows % offsets.DocumentCount != 0)
        {
            throw new ArgumentException(
                $"SegmentMatMul: w is {w.Describe()}, expected [{offsets.DocumentCount} documents times the outputs, {x.Columns}], one matrix a document.");
        }

        Shapes.Check(nameof(SegmentMatMul), name, y, x.Rows, w.Rows / offsets.DocumentCount);
    }
}
