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
        Tensor residual = default)
    {
        var (rows, depth) = transposeA ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        int columns = transposeB ? b.Rows : b.Columns;
        Check(a, transposeA, new Factor(b), transposeB, c, bias, residual);
        if (rows == 0 || columns == 0)
        {
            return;
        }

        switch (c.Device)
        {
            case CpuDevice cpu:
                MultiplyOnCpu(cpu, new Product(rows, columns, depth, a, transposeA, b, transposeB, c, accumulate, bias, residual));
                break;
            case GpuDevice gpu:
                RunTiles(LaunchTiles(gpu, TileProduct, c).With(a).With(b), c, depth, transposeA, transposeB, accumulate, bias, residual);
                break;
        }
    }

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
        Tensor a, BFloat16Tensor b, bool transposeB, Tensor c, bool accumulate = false, Tensor bias = default, Tensor residual = default)
    {
        int rows = a.Rows, depth = a.Columns, columns = transposeB ? b.Rows : b.Columns;
        Check(a, transposeA: false, new Factor(b), transposeB, c, bias, residual);
        if (rows == 0 || columns == 0)
        {
            return;
        }

        switch (c.Device)
        {
            case CpuDevice cpu:
                MultiplyOnCpu(cpu, new Product(rows, columns, depth, a, transposeA: false, default, transposeB, c, accumulate, bias, residual, b));
                break;
            case GpuDevice gpu:
                RunTiles(LaunchTiles(gpu, TileProductOfBFloat16, c).With(a).With(b), c, depth, transposeA: false, transposeB, accumulate, bias, residual);
                break;
        }
    }

    private static void Check(Tensor a, bool transposeA, in Factor b, bool transposeB, Tensor c, Tensor bias, Tensor residual)
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

        if (c.Length > 0 && (c.Address == a.Address || c.Address == b.Address))
        {
            throw new ArgumentException($"MatMul: c {Shape(c)} shares its memory with a factor, which would be overwritten while it is read.");
        }

        if (a.Device != c.Device || b.Device != c.Device || OnAnother(bias, c.Device) || OnAnother(residual, c.Device))
        {
            throw new ArgumentException($"MatMul: the tensors are on different devices; c is on {c.Device.Description}.");
        }
    }

    private static bool OnAnother(Tensor tensor, Device device) => !tensor.IsNone && tensor.Device != device;

    /// <summary>What the checks ask of b, in either number format.</summary>
    private readonly struct Factor
    {
        public readonly int Rows, Columns;
        public readonly nint Address;
        public readonly Device Device;

        public Factor(Tensor b)
        {
            (Rows, Columns, Address, Device) = (b.Rows, b.Columns, b.Address, b.Device);
        }

        public Factor(BFloat16Tensor b)
        {
            (Rows, Columns, Address, Device) = (b.Rows, b.Columns, b.Address, b.Device);
        }

        public override string ToString() => $"[{Rows}, {Columns}]";
    }

    private static string Shape(Tensor tensor) => $"[{tensor.Rows}, {tensor.Columns}]";

    private static string Transposed(bool transposed) => transposed ? " (transposed)" : "";
}
