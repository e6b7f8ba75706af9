namespace TinyLM;

/// <summary>
/// Runs formulas over whole tensors, and their derivatives: the one place where an elementwise op meets a device. The two operands of a
/// binary formula may differ in shape: one that has a single row, or a single column, serves all rows, or columns, of the other.
/// </summary>
public static partial class Elementwise
{
    /// <summary>Elements a worker should at least get: less is not worth waking it.</summary>
    private const int SmallestShare = 1 << 12;

    /// <summary>y = f(x), of one shape; y may be x.</summary>
    public static void Unary<TOp>(Tensor x, Tensor y, TOp op = default)
        where TOp : unmanaged, IUnaryOp
    {
        CheckShape<TOp>(nameof(y), y, x.Rows, x.Columns);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(x), new UnaryBody<TOp>(op, x, y), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                Launch(gpu, UnaryGpu<TOp>.Forward, x).WithStruct(op).With(x).With(y).With((int)x.Length).Run();
                break;
        }
    }

    /// <summary>dx = dy · f'(x), or dx += where <paramref name="accumulate"/>. dx may be dy.</summary>
    public static void UnaryBackward<TOp>(Tensor x, Tensor dy, Tensor dx, bool accumulate, TOp op = default)
        where TOp : unmanaged, IUnaryOp
    {
        CheckShape<TOp>(nameof(dy), dy, x.Rows, x.Columns);
        CheckShape<TOp>(nameof(dx), dx, x.Rows, x.Columns);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(x), new UnaryBackwardBody<TOp>(op, x, dy, dx, accumulate), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                Launch(gpu, UnaryGpu<TOp>.Backward, x).WithStruct(op).With(x).With(dy).With(dx).With(accumulate ? 1 : 0).With((int)x.Length).Run();
                break;
        }
    }

    /// <summary>y = f(a, b), of the shape of <see cref="ResultShape"/>; y may be an operand of that shape.</summary>
    public static void Binary<TOp>(Tensor a, Tensor b, Tensor y, TOp op = default)
        where TOp : unmanaged, IBinaryOp
    {
        var shape = Broadcast.Of<TOp>(a, b);
        CheckShape<TOp>(nameof(y), y, shape.Rows, shape.Columns);
        switch (y.Device)
        {
            case CpuDevice cpu when shape.IsPlain:
                cpu.For(Vectors(y), new BinaryBody<TOp>(op, a, b, y), SmallestShare / VectorLane.Width);
                break;
            case CpuDevice cpu:
                cpu.For(shape.Rows, new BroadcastBody<TOp>(op, shape, a, b, y), RowsAShare(shape));
                break;
            case GpuDevice gpu:
                Launch(gpu, BinaryGpu<TOp>.Forward, y).WithStruct(op).With(a).With(b).With(y).With((int)y.Length).WithStruct(shape).Run();
                break;
        }
    }

    /// <summary>
    /// da = dy · ∂f/∂a and db = dy · ∂f/∂b, each added to what is there where its flag says so; a gradient that is none is left out. That of
    /// an operand that served several rows or columns is the sum over them.
    /// </summary>
    public static void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor dy, Tensor da, bool accumulateA, Tensor db, bool accumulateB, TOp op = default)
        where TOp : unmanaged, IBinaryOp
    {
        var shape = Broadcast.Of<TOp>(a, b);
        CheckShape<TOp>(nameof(dy), dy, shape.Rows, shape.Columns);
        Tensor wholeA = Whole(da, dy), wholeB = Whole(db, dy);
        bool addA = accumulateA && !IsPart(da, dy), addB = accumulateB && !IsPart(db, dy);
        switch (dy.Device)
        {
            case CpuDevice cpu when shape.IsPlain:
                cpu.For(Vectors(dy), new BinaryBackwardBody<TOp>(op, a, b, dy, wholeA, addA, wholeB, addB), SmallestShare / VectorLane.Width);
                break;
            case CpuDevice cpu:
                cpu.For(shape.Rows, new BroadcastBackwardBody<TOp>(op, shape, a, b, dy, wholeA, addA, wholeB, addB), RowsAShare(shape));
                break;
            case GpuDevice gpu:
                Launch(gpu, BinaryGpu<TOp>.Backward, dy).WithStruct(op).With(a).With(b).With(dy).With(wholeA).With(wholeB)
                    .With(addA ? 1 : 0).With(addB ? 1 : 0).With((int)dy.Length).WithStruct(shape).Run();
                break;
        }

        Gather(wholeA, da, dy, accumulateA);
        Gather(wholeB, db, dy, accumulateB);
    }

    /// <summary>The shape of f(a, b): of each dimension the larger size.</summary>
    /// <exception cref="ArgumentException">A dimension has two sizes, neither of them 1.</exception>
    public static (int Rows, int Columns) ResultShape<TOp>(Tensor a, Tensor b)
    {
        var shape = Broadcast.Of<TOp>(a, b);
        return (shape.Rows, shape.Columns);
    }

    /// <summary>target += source.</summary>
    public static void Accumulate(Tensor source, Tensor target) => Binary<Add>(target, source, target);

    /// <summary>target = source, of one shape.</summary>
    public static void Copy(Tensor source, Tensor target) => Unary<Identity>(source, target);

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    public static void Fill(Tensor x, float value)
    {
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(x), new FillBody(x, value), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                Launch(gpu, FillGpu, x).With(x).With(value).With((int)x.Length).Run();
                break;
        }
    }

    private static long Vectors(Tensor x) => (x.Length + VectorLane.Width - 1) / VectorLane.Width;

    private static long RowsAShare(Broadcast shape) => Math.Max(1, SmallestShare / shape.Columns);

    private static bool IsPart(Tensor gradient, Tensor dy) => !gradient.IsNone && gradient.Length != dy.Length;

    /// <summary>Where the gradient of each element goes: to the operand's own gradient, or aside, to be summed.</summary>
    private static Tensor Whole(Tensor gradient, Tensor dy) => IsPart(gradient, dy) ? dy.Device.Temporary(dy.Rows, dy.Columns) : gradient;

    /// <summary>Sums what <see cref="Whole"/> put aside over the rows, the columns or both.</summary>
    private static void Gather(Tensor whole, Tensor gradient, Tensor dy, bool accumulate)
    {
        if (!IsPart(gradient, dy))
        {
            return;
        }

        if (gradient.Columns == whole.Columns)
        {
            ColumnSums.Forward(whole, gradient, accumulate);
        }
        else if (gradient.Rows == whole.Rows)
        {
            Reduce.Rows(ReductionKind.Sum, whole, gradient, accumulate);
        }
        else
        {
            Tensor sums = dy.Device.Temporary(1, whole.Columns);
            ColumnSums.Forward(whole, sums, accumulate: false);
            Reduce.Rows(ReductionKind.Sum, sums, gradient, accumulate);
            dy.Device.Arena.Recycle(sums);
        }

        dy.Device.Arena.Recycle(whole);
    }

    private static void CheckShape<TOp>(string name, Tensor tensor, int rows, int columns) => Shapes.Check(typeof(TOp).Name, name, tensor, rows, columns);
}
