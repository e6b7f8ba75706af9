namespace TinyLM;

/// <summary>
/// Reductions: of each row, [rows, columns] → [rows, 1], and of each column within each document, [tokens, columns] → [documents, columns],
/// of which the reduction of whole columns is the case of one document. The order of a sum depends on the shapes alone.
/// <remarks>torch.sum, mean, amax, logsumexp; torch_scatter's segment_csr.</remarks>
/// </summary>
public static partial class Reduce
{
    /// <summary>Elements a worker should at least get.</summary>
    private const int SmallestShare = 1 << 12;

    /// <summary>Columns that a worker takes at a time: whole cache lines.</summary>
    private const int Strip = 4 * VectorLane.Width;

    /// <summary>y [rows, 1] = the reduction of each row of x, or += where <paramref name="accumulate"/>.</summary>
    public static void Rows(ReductionKind kind, Tensor x, Tensor y, bool accumulate = false)
    {
        CheckFilled(x);
        Shapes.Check(nameof(Reduce), nameof(y), y, x.Rows, 1);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(x.Rows, new RowsBody(kind, x, y, accumulate), RowsAShare(x));
                break;
            case GpuDevice gpu:
                gpu.Launch(RowsGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With((int)kind).With(x).With(y).With(accumulate ? 1 : 0).With(x.Rows).With(x.Columns).Run();
                break;
        }
    }

    /// <summary>dx [rows, columns] from dy [rows, 1]; y is the forward pass's result.</summary>
    public static void RowsBackward(ReductionKind kind, Tensor x, Tensor y, Tensor dy, Tensor dx, bool accumulate)
    {
        Shapes.Check(nameof(Reduce), nameof(y), y, x.Rows, 1);
        Shapes.Check(nameof(Reduce), nameof(dy), dy, x.Rows, 1);
        Shapes.Check(nameof(Reduce), nameof(dx), dx, x.Rows, x.Columns);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(x.Rows, new RowsBackwardBody(kind, x, y, dy, dx, accumulate), RowsAShare(x));
                break;
            case GpuDevice gpu:
                gpu.Launch(RowsBackwardGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With((int)kind).With(x).With(y).With(dy).With(dx).With(accumulate ? 1 : 0).With(x.Rows).With(x.Columns).Run();
                break;
        }
    }

    /// <summary>y [documents, columns] = the reduction of each column of x [tokens, columns] within each document.</summary>
    public static void Documents(ReductionKind kind, Tensor x, DocumentOffsets offsets, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        CheckFilled(x);
        Shapes.Check(nameof(Reduce), nameof(x), x, offsets.TokenCount, x.Columns);
        Shapes.Check(nameof(Reduce), nameof(y), y, offsets.DocumentCount, x.Columns);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(Units(x, offsets), new DocumentsBody(kind, x, offsets, y));
                break;
            case GpuDevice gpu:
                gpu.Launch(DocumentsGpu, Warps(x.Columns) * offsets.DocumentCount, GpuReduction.WarpSize)
                    .With((int)kind).With(x).With(gpu.DocumentStarts(offsets)).With(y).With(x.Columns).Run();
                break;
        }
    }

    /// <summary>dx [tokens, columns] from dy [documents, columns]; y is the forward pass's result.</summary>
    public static void DocumentsBackward(ReductionKind kind, Tensor x, DocumentOffsets offsets, Tensor y, Tensor dy, Tensor dx, bool accumulate)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        Shapes.Check(nameof(Reduce), nameof(y), y, offsets.DocumentCount, x.Columns);
        Shapes.Check(nameof(Reduce), nameof(dy), dy, offsets.DocumentCount, x.Columns);
        Shapes.Check(nameof(Reduce), nameof(dx), dx, x.Rows, x.Columns);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(Units(x, offsets), new DocumentsBackwardBody(kind, x, offsets, y, dy, dx, accumulate));
                break;
            case GpuDevice gpu:
                gpu.Launch(DocumentsBackwardGpu, Warps(x.Columns) * offsets.DocumentCount, GpuReduction.WarpSize)
                    .With((int)kind).With(x).With(gpu.DocumentStarts(offsets)).With(y).With(dy).With(dx).With(accumulate ? 1 : 0).With(x.Columns).Run();
                break;
        }
    }

    private static long RowsAShare(Tensor x) => Math.Max(1, SmallestShare / x.Columns);

    private static long Units(Tensor x, DocumentOffsets offsets) => (long)offsets.DocumentCount * ((x.Columns + Strip - 1) / Strip);

    private static int Warps(int columns) => (columns + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize;

    private static void CheckFilled(Tensor x)
    {
        if (x.Length == 0)
        {
            throw new ArgumentException($"Reduce: {x.Describe()} has no elements.");
        }
    }
}
