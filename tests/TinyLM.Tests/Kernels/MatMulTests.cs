namespace TinyLM.Tests.Kernels;

public class MatMulTests
{
    private static readonly (int Rows, int Columns, int Depth)[] Shapes =
    [
        (1, 1, 1), (1, 65, 7), (3, 257, 70), (5, 1, 1), (5, 33, 16), (13, 65, 15), (12, 32, 64), (12, 16, 40), (25, 17, 33), (24, 48, 1),
        (31, 31, 31), (100, 257, 24), (128, 96, 100), (61, 70, 600), (30, 50, 1100), (26, 40, 1024), (14, 1700, 520),
    ];

    private static readonly (bool TransposeA, bool TransposeB)[] Layouts = [(false, true), (false, false), (true, false)];

    [Test]
    public void Every_layout_and_epilogue_agrees_with_plain_loops([Values(1, 2)] int threads)
    {
        using var device = Device.Open("cpu", threads);
        foreach (var (rows, columns, depth) in Shapes)
        {
            CheckAll(device, rows, columns, depth, 2e-6);
        }
    }

    [Test]
    public void The_GPU_kernel_agrees_with_plain_loops()
    {
        using var device = Device.Open("interpreted");
        foreach (var (rows, columns, depth) in new[] { (1, 1, 1), (3, 65, 7), (65, 3, 17), (70, 66, 33) })
        {
            CheckAll(device, rows, columns, depth, 2e-6);
        }
    }

    [Test]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        foreach (var (rows, columns, depth) in Shapes.Where(shape => shape.Rows > 12).Append((200, 300, 90)))
        {
            foreach (var (transposeA, transposeB) in Layouts)
            {
                float[] one = Run(1);
                Assert.That(Run(2), Is.EqualTo(one), $"2 threads {rows} {columns} {depth}");
                Assert.That(Run(3), Is.EqualTo(one), $"3 threads {rows} {columns} {depth}");

                float[] Run(int threads)
                {
                    using var device = Device.Open("cpu", threads);
                    return Multiply(device, new Operands(rows, columns, depth, transposeA, transposeB, 1), false, true, true);
                }
            }
        }
    }

    [Test]
    public void A_row_has_the_same_bits_whatever_the_other_rows_are()
    {
        using var device = Device.Open("cpu", 2);
        const int depth = 600;
        const int columns = 77;
        Tensor all = device.Upload(100, depth, Numbers.Random(100 * depth, 1));
        Tensor weight = device.Upload(columns, depth, Numbers.Random(columns * depth, 2));
        Tensor wide = device.Poisoned(100, columns);
        MatMul.Multiply(all, false, weight, true, wide);
        foreach (var (start, count) in new[] { (0, 5), (7, 12), (93, 7), (50, 31) })
        {
            Tensor part = device.Poisoned(count, columns);
            MatMul.Multiply(all.RowRange(start, count), false, weight, true, part);
            Assert.That(part.ToArray(), Is.EqualTo(wide.RowRange(start, count).ToArray()), $"rows {start} to {start + count}");
        }
    }

    [Test]
    public void The_portable_microkernel_gives_the_same_bits_as_the_wide_one()
    {
        float[] a = Numbers.Random(12 * 50, 1);
        foreach (int width in new[] { 16, 32 })
        {
            float[] b = Numbers.Random(50 * width, 2);
            var wide = new float[12 * width];
            var portable = new float[12 * width];
            unsafe
            {
                fixed (float* pa = a, pb = b, pw = wide, pp = portable)
                {
                    MicroKernel.Multiply(50, pa, 200, 4, pb, width, width, new TileStore { C = pw, Stride = width });
                    MicroKernel.TileOfQuarters(50, pa, 200, 4, pb, width, width, new TileStore { C = pp, Stride = width });
                }
            }

            Assert.That(portable, Is.EqualTo(wide));
        }
    }

    [Test]
    public void An_inner_size_of_zero_gives_the_bias()
    {
        using var device = Device.Open("cpu", 1);
        Tensor c = device.Poisoned(7, 3);
        MatMul.Multiply(device.Allocate(7, 0), false, device.Allocate(0, 3), false, c, bias: device.Upload(1, 3, [1, 2, 3]));
        Assert.That(c.RowRange(6, 1).ToArray(), Is.EqualTo(new float[] { 1, 2, 3 }));
    }

    [Test]
    public void A_steady_call_allocates_nothing()
    {
        using var device = Device.Open("cpu", 2);
        var operands = new Operands(100, 90, 80, false, true, 1);
        Tensor a = device.Upload(100, 80, operands.A);
        Tensor b = device.Upload(90, 80, operands.B);
        Tensor c = device.Allocate(100, 90);
        MatMul.Multiply(a, false, b, true, c);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            MatMul.Multiply(a, false, b, true, c);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Shapes_that_do_not_fit_are_named()
    {
        using var device = Device.Open("cpu", 1);
        Tensor a = device.Allocate(768, 128);
        Tensor b = device.Allocate(384, 64);
        Tensor c = device.Allocate(768, 384);
        Tensor fitting = device.Allocate(384, 128);
        Assert.That(
            () => MatMul.Multiply(a, false, b, true, c),
            Throws.ArgumentException.With.Message.EqualTo("MatMul: a [768, 128] and b [384, 64] (transposed) share no inner size: 128 against 64."));
        Assert.That(
            () => MatMul.Multiply(a, false, fitting, true, b),
            Throws.ArgumentException.With.Message.Contains("c is [384, 64], expected [768, 384]"));
        Assert.That(
            () => MatMul.Multiply(a, false, fitting, true, c, bias: a),
            Throws.ArgumentException.With.Message.Contains("bias is [768, 128], expected [1, 384]"));
        Assert.That(
            () => MatMul.Multiply(a, false, fitting, true, c, residual: a),
            Throws.ArgumentException.With.Message.Contains("residual is [768, 128], expected [768, 384]"));
        Assert.That(() => MatMul.Multiply(a, true, fitting, true, c), Throws.ArgumentException.With.Message.Contains("both transposed"));
        Tensor square = device.Allocate(8, 8);
        Assert.That(() => MatMul.Multiply(square, false, square, true, square), Throws.ArgumentException.With.Message.Contains("shares its memory"));
    }

    internal static void CheckAll(Device device, int rows, int columns, int depth, double tolerance)
    {
        foreach (var (transposeA, transposeB) in Layouts)
        {
            var operands = new Operands(rows, columns, depth, transposeA, transposeB, rows + columns + depth);

            // Large shapes take only the plain product and the one with everything.
            int epilogueStep = (long)rows * columns * depth < 10_000 ? 1 : 7;
            for (int epilogue = 0; epilogue < 8; epilogue += epilogueStep)
            {
                var (accumulate, bias, residual) = ((epilogue & 1) != 0, (epilogue & 2) != 0, (epilogue & 4) != 0);
                double error = Numbers.RelativeError(
                    Multiply(device, operands, accumulate, bias, residual), operands.Reference(accumulate, bias, residual));
                Assert.That(
                    error,
                    Is.LessThan(tolerance),
                    $"{rows}·{columns}·{depth} transposed: {transposeA}, {transposeB}; accumulate {accumulate}, bias {bias}, residual {residual}");
            }
        }
    }

    private static float[] Multiply(Device device, Operands o, bool accumulate, bool bias, bool residual)
    {
        Tensor a = o.TransposeA ? device.Upload(o.Depth, o.Rows, o.A) : device.Upload(o.Rows, o.Depth, o.A);
        Tensor b = o.TransposeB ? device.Upload(o.Columns, o.Depth, o.B) : device.Upload(o.Depth, o.Columns, o.B);
        Tensor c = accumulate ? device.Upload(o.Rows, o.Columns, o.C) : device.Poisoned(o.Rows, o.Columns);
        MatMul.Multiply(
            a,
            o.TransposeA,
            b,
            o.TransposeB,
            c,
            accumulate,
            bias ? device.Upload(1, o.Columns, o.Bias) : default,
            residual ? device.Upload(o.Rows, o.Columns, o.Residual) : default);
        return c.ToArray();
    }

    private sealed class Operands(int rows, int columns, int depth, bool transposeA, bool transposeB, int seed)
    {
        private double[]? _product;

        public int Rows => rows;

        public int Columns => columns;

        public int Depth => depth;

        public bool TransposeA => transposeA;

        public bool TransposeB => transposeB;

        public float[] A { get; } = Numbers.Random((long)rows * depth, seed);

        public float[] B { get; } = Numbers.Random((long)columns * depth, seed + 1);

        public float[] C { get; } = Numbers.Random((long)rows * columns, seed + 2);

        public float[] Bias { get; } = Numbers.Random(columns, seed + 3);

        public float[] Residual { get; } = Numbers.Random((long)rows * columns, seed + 4);

        public double[] Reference(bool accumulate, bool bias, bool residual)
        {
            _product ??= Product();
            var result = new double[_product.Length];
            for (int i = 0; i < result.Length; i++)
            {
                result[i] = _product[i] + (accumulate ? C[i] : 0) + (bias ? Bias[i % columns] : 0) + (residual ? Residual[i] : 0);
            }

            return result;
        }

        private double[] Product()
        {
            var product = new double[(long)rows * columns];
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    double sum = 0;
                    for (int p = 0; p < depth; p++)
                    {
                        double left = A[transposeA ? (p * rows) + row : (row * depth) + p];
                        double right = B[transposeB ? (column * depth) + p : (p * columns) + column];
                        sum += left * right;
                    }

                    product[(row * columns) + column] = sum;
                }
            }

            return product;
        }
    }
}
