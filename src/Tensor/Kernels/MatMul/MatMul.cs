namespace TinyLM;

/// <summary>
/// The matrix product, c = op(a)·op(b), with what commonly follows it added as the result is stored: a bias, a residual, or
/// what c held before. Sums run over the inner size in one fixed order: a row's bits depend neither on the number of threads nor
/// on the other rows (up to <see cref="FewRows"/> rows take another path, and may differ from more in the last bits).
/// </summary>
/// <remarks>torch.mm, torch.addmm, torch.nn.functional.linear. The CPU blocks as Goto and van de Geijn, "Anatomy of
/// High-Performance Matrix Multiplication" (2008).</remarks>
public static partial class MatMul
{
    /// <summary>c = op(a)·op(b) (+ bias) (+ residual) (+ c).</summary>
    /// <param name="a">[m, k], or [k, m] when transposed.</param>
    /// <param name="transposeA">Takes aᵀ: the gradient of a weight.</param>
    /// <param name="b">[k, n], or [n, k] when transposed.</param>
    /// <param name="transposeB">Takes bᵀ: a layer whose weight is [outputs, inputs].</param>
    /// <param name="c">[m, n]; shares no memory with a or b.</param>
    /// <param name="accumulate">Adds to what c holds.</param>
    /// <param name="bias">[1, n], added to each row; may be left out.</param>
    /// <param name="residual">[m, n], added; may be c itself, and may be left out.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or both a and b are transposed.</exception>
    public static void Multiply(
        Tensor a,
        bool transposeA,
        Tensor b,
        bool transposeB,
        Tensor c,
        bool accumulate = false,
        Tensor bias = default,
        Tensor residual = default) =>
        Multiply(a, transposeA, new Factor(b), transposeB, c, accumulate, bias, residual, sums: default, default(Identity));

    /// <summary>
    /// c = a·op(b) (+ bias) (+ residual) (+ c) with a factor in bfloat16: weights. Each of its elements is widened as it is read; products and sums
    /// are float32, in the order of a float32 b, so that the result is that of the widened b to the bit.
    /// </summary>
    /// <param name="a">[m, k].</param>
    /// <param name="b">[k, n], or [n, k] when transposed.</param>
    /// <param name="transposeB">Takes bᵀ: a layer whose weight is [outputs, inputs].</param>
    /// <param name="c">[m, n]; shares no memory with a or b.</param>
    /// <param name="accumulate">Adds to what c holds.</param>
    /// <param name="bias">[1, n], added to each row; may be left out.</param>
    /// <param name="residual">[m, n], added; may be c itself, and may be left out.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void Multiply(
        Tensor a, BFloat16Tensor b, bool transposeB, Tensor c, bool accumulate = false, Tensor bias = default, Tensor residual = default) =>
        Multiply(a, transposeA: false, new Factor(b), transposeB, c, accumulate, bias, residual, sums: default, default(Identity));

    /// <summary>
    /// c = f(op(a)·op(b) + bias): the formula meets a tile of sums where it was made, before it leaves the cache (on a GPU, the registers), and the
    /// sums themselves are not kept, unless they are asked for.
    /// </summary>
    /// <param name="a">[m, k], or [k, m] when transposed.</param>
    /// <param name="transposeA">Takes aᵀ.</param>
    /// <param name="b">[k, n], or [n, k] when transposed.</param>
    /// <param name="transposeB">Takes bᵀ: a layer whose weight is [outputs, inputs].</param>
    /// <param name="c">[m, n]; shares no memory with a, b or <paramref name="sums"/>.</param>
    /// <param name="bias">[1, n], added to each row; may be left out.</param>
    /// <param name="sums">[m, n]: gets op(a)·op(b) + bias, for the backward pass; may be left out.</param>
    /// <param name="op">The formula; one without constants need not be given.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or both a and b are transposed.</exception>
    public static void MultiplyAndApply<TOp>(
        Tensor a, bool transposeA, Tensor b, bool transposeB, Tensor c, Tensor bias = default, Tensor sums = default, TOp op = default)
        where TOp : unmanaged, IUnaryOp => Multiply(a, transposeA, new Factor(b), transposeB, c, accumulate: false, bias, residual: default, sums, op);

    /// <summary>
    /// As <see cref="MultiplyAndApply{TOp}(Tensor, bool, Tensor, bool, Tensor, Tensor, Tensor, TOp)"/>, c = f(a·op(b) + bias), with a factor in bfloat16.
    /// </summary>
    /// <param name="a">[m, k].</param>
    /// <param name="b">[k, n], or [n, k] when transposed.</param>
    /// <param name="transposeB">Takes bᵀ: a layer whose weight is [outputs, inputs].</param>
    /// <param name="c">[m, n]; shares no memory with a, b or <paramref name="sums"/>.</param>
    /// <param name="bias">[1, n], added to each row; may be left out.</param>
    /// <param name="sums">[m, n]: gets a·op(b) + bias, for the backward pass; may be left out.</param>
    /// <param name="op">The formula; one without constants need not be given.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void MultiplyAndApply<TOp>(
        Tensor a, BFloat16Tensor b, bool transposeB, Tensor c, Tensor bias = default, Tensor sums = default, TOp op = default)
        where TOp : unmanaged, IUnaryOp => Multiply(a, transposeA: false, new Factor(b), transposeB, c, accumulate: false, bias, residual: default, sums, op);

    private static void Multiply<TOp>(
        Tensor a, bool transposeA, in Factor b, bool transposeB, Tensor c, bool accumulate, Tensor bias, Tensor residual, Tensor sums, TOp op)
        where TOp : unmanaged, IUnaryOp
    {
        Check(a, transposeA, b, transposeB, c, bias, residual, sums);
        if (c.Length == 0)
        {
            return;
        }

        switch (c.Device)
        {
            case CpuDevice cpu:
                MultiplyOnCpu(cpu, a, transposeA, b, transposeB, c, accumulate, bias, residual, sums, op);
                break;
            case GpuDevice gpu:
                MultiplyOnGpu(gpu, a, transposeA, b, transposeB, c, accumulate, bias, residual, sums, op);
                break;
        }
    }

    private static void Check(Tensor a, bool transposeA, in Factor b, bool transposeB, Tensor c, Tensor bias, Tensor residual, Tensor sums)
    {
        if (transposeA && transposeB)
        {
            throw new ArgumentException("MatMul: a and b are both transposed; compute (b·a) and transpose that instead.");
        }

        var (rows, depth) = transposeA ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        var (columns, otherDepth) = transposeB ? (b.Rows, b.Columns) : (b.Columns, b.Rows);
        if (depth != otherDepth)
        {
            throw new ArgumentException(
                $"MatMul: a {Shape(a)}{Transposed(transposeA)} and b {b}{Transposed(transposeB)} share no inner size: "
                + $"{depth} against {otherDepth}.");
        }

        if (c.Rows != rows || c.Columns != columns)
        {
            throw new ArgumentException(
                $"MatMul: c is {Shape(c)}, expected [{rows}, {columns}], the product of a {Shape(a)}{Transposed(transposeA)} "
                + $"and b {b}{Transposed(transposeB)}.");
        }

        if (!bias.IsNone && (bias.Rows != 1 || bias.Columns != columns))
        {
            throw new ArgumentException($"MatMul: bias is {Shape(bias)}, expected [1, {columns}], one value a column of c {Shape(c)}.");
        }

        if (!residual.IsNone && (residual.Rows != rows || residual.Columns != columns))
        {
            throw new ArgumentException($"MatMul: residual is {Shape(residual)}, expected {Shape(c)}, the shape of c.");
        }

        if (!sums.IsNone && (sums.Rows != rows || sums.Columns != columns))
        {
            throw new ArgumentException($"MatMul: sums is {Shape(sums)}, expected {Shape(c)}, the shape of c.");
        }

        if (!sums.IsNone && c.Length > 0 && c.Address == sums.Address)
        {
            throw new ArgumentException($"MatMul: c {Shape(c)} shares its memory with sums; leave sums out where they are not wanted.");
        }

        if (c.Length > 0 && (c.Address == a.Address || c.Address == b.Address))
        {
            throw new ArgumentException($"MatMul: c {Shape(c)} shares its memory with a factor, which would be overwritten while it is read.");
        }

        if (a.Device != c.Device || b.Device != c.Device || OnAnother(bias, c.Device) || OnAnother(residual, c.Device) || OnAnother(sums, c.Device))
        {
            throw new ArgumentException($"MatMul: the tensors are on different devices; c is on {c.Device.Description}.");
        }
    }

    private static bool OnAnother(Tensor tensor, Device device) => !tensor.IsNone && tensor.Device != device;

    /// <summary>b, in either number format.</summary>
    private readonly struct Factor
    {
        public readonly Tensor Single;
        public readonly BFloat16Tensor Rounded;

        public Factor(Tensor b)
        {
            (Single, Rows, Columns) = (b, b.Rows, b.Columns);
        }

        public Factor(BFloat16Tensor b)
        {
            (Rounded, Rows, Columns) = (b, b.Rows, b.Columns);
        }

        public int Rows { get; }

        public int Columns { get; }

        public bool IsRounded => !Rounded.IsNone;

        public nint Address => IsRounded ? Rounded.Address : Single.Address;

        public Device Device => IsRounded ? Rounded.Device : Single.Device;

        public override string ToString() => $"[{Rows}, {Columns}]";
    }

    private static string Shape(Tensor tensor) => $"[{tensor.Rows}, {tensor.Columns}]";

    private static string Transposed(bool transposed) => transposed ? " (transposed)" : "";
}
