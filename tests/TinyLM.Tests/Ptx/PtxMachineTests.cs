namespace TinyLM.Tests;

/// <summary>Right kernels give right results on the interpreter.</summary>
public class PtxMachineTests
{
    [Test]
    public void Vector_add_leaves_out_what_lies_past_the_end()
    {
        using Device device = Device.Open("interpreted");
        Tensor a = device.Allocate(1, 100, "a");
        Tensor b = device.Allocate(1, 100, "b");
        Tensor sum = device.Allocate(1, 100, "sum");
        a.CopyFrom([.. Enumerable.Range(0, 100).Select(i => (float)i)]);
        b.CopyFrom([.. Enumerable.Range(0, 100).Select(i => i * 0.5f)]);
        ((GpuDevice)device).Launch(PtxSampleKernels.Add, gridX: 4, blockX: 32).With(a).With(b).With(sum).Run();
        Assert.That(sum.ToArray(), Is.EqualTo(Enumerable.Range(0, 100).Select(i => i * 1.5f)));
    }

    [Test]
    public void Numbers_and_none_arrive()
    {
        using var bench = new PtxBench();
        Buffer<float> result = bench.Buffer(8, _ => 0f);
        Tensor tensor = bench.Device.Allocate(1, 8);
        bench.Device.Launch(PtxSampleKernels.Scalars, 1, 8).With(tensor).With(bench.Device.TemporaryIndices([7, 7, 7, 7, 7, 7, 7, 7])).With(1).With(0.5f).With(20L).With(300.0).Run();
        bench.Device.Launch(PtxSampleKernels.Scalars, 1, 8).With(result).With(default(IndexTensor)).With(1).With(0.5f).With(20L).With(300.0).Run();
        Assert.That(tensor.ToArray(), Is.All.EqualTo(328.5f));
        Assert.That(result.ToArray(), Is.All.EqualTo(320.5f));
    }

    [Test]
    public void Tree_reduction_with_shuffles()
    {
        using var bench = new PtxBench();
        Buffer<float> values = bench.Buffer(1024, i => (float)(i % 13));
        Buffer<float> sums = bench.Buffer(4, _ => 0f);
        bench.Device.Launch(PtxSampleKernels.Reduce, 4, 256).With(values).With(sums).Run();
        Assert.That(sums.ToArray(), Is.EqualTo(values.ToArray().Chunk(256).Select(block => block.Sum())));
    }

    [Test]
    public void Tiled_matrix_product_in_shared_memory()
    {
        const int Size = 32;
        using var bench = new PtxBench();
        var random = new Random(3);
        Buffer<float> a = bench.Buffer(Size * Size, _ => random.NextSingle() - 0.5f);
        Buffer<float> b = bench.Buffer(Size * Size, _ => random.NextSingle() - 0.5f);
        Buffer<float> c = bench.Buffer(Size * Size, _ => float.NaN);
        bench.Device.Launch(PtxSampleKernels.MatMul, Size / PtxSampleKernels.TileSize, PtxSampleKernels.TileSize,
            Size / PtxSampleKernels.TileSize, PtxSampleKernels.TileSize).With(a).With(b).With(c).With(Size).Run();
        Assert.That(c.ToArray(), Is.EqualTo(Product(a.ToArray(), b.ToArray(), Size, transposed: false)).Within(1e-5));
    }

    [Test]
    public void BFloat16_tile_through_async_copies_and_tensor_cores()
    {
        const int Size = 64;
        using var bench = new PtxBench();
        var random = new Random(5);
        float[] a = [.. Enumerable.Range(0, Size * Size).Select(_ => Rounded(random.NextSingle() - 0.5f))];
        float[] b = [.. Enumerable.Range(0, Size * Size).Select(_ => Rounded(random.NextSingle() - 0.5f))];
        Buffer<uint> c = bench.Buffer(Size * Size / 2, _ => 0u);
        bench.Device.Launch(PtxSampleKernels.BFloat16Tile, 2, 32, 2, 1)
            .With(bench.Buffer(Pairs(a))).With(bench.Buffer(Pairs(b))).With(c).With(Size / 2).With(Size / 2).Run();
        float[] product = [.. c.ToArray().SelectMany(pair => new[] { Widened(pair << 16), Widened(pair & 0xFFFF0000) })];
        Assert.That(product, Is.EqualTo(Product(a, b, Size, transposed: true)).Within(0.01), "to bfloat16 rounding");
        Assert.That(bench.Counts.Instructions(InstructionKind.TensorCore), Is.EqualTo(4 * 4 * 8 * 32), "4 blocks, 4 steps, 8 products");
    }

    [Test]
    public void Vectors_of_four_floats_and_a_struct_argument()
    {
        using var bench = new PtxBench();
        Buffer<float> x = bench.Buffer(32, i => (float)i);
        Buffer<Accumulator4> y = bench.Buffer(8, _ => default(Accumulator4));
        bench.Device.Launch(PtxSampleKernels.Vectors, 1, 8).With(x).With(y)
            .WithStruct(new Accumulator4 { X = 1, Y = 10, Z = 100, W = 1000 }).Run();
        Assert.That(y.ToArray()[2], Is.EqualTo(new Accumulator4 { X = 8, Y = 90, Z = 1000, W = 11000 }));
    }

    [Test]
    public void Dynamic_shared_memory()
    {
        using var bench = new PtxBench();
        Buffer<int> y = bench.Buffer(64, _ => 0);
        bench.Device.Launch(PtxSampleKernels.Dynamic, 1, 64).With(y).WithSharedMemory(64 * sizeof(int)).Run();
        Assert.That(y.ToArray(), Is.EqualTo(Enumerable.Range(0, 64).Select(i => 64063 - i)));
    }

    [Test]
    public void Functions_are_exact_to_single_precision()
    {
        using var bench = new PtxBench();
        Buffer<float> x = bench.Buffer(32, i => 0.1f + (i * 0.1f));
        Buffer<float> y = bench.Buffer(11 * 32, _ => 0f);
        bench.Device.Launch(PtxSampleKernels.Functions, 1, 32).With(x).With(y).Run();
        Func<double, double>[] functions =
        [
            Math.Exp, Math.Log, Math.Tanh, Math.Sqrt, v => 1 / Math.Sqrt(v), Math.Sin, Math.Cos,
            v => Math.Min(v, 1.5) / Math.Max(v, 2), Math.Abs, v => v * v, v => (int)((float)v * 3),
        ];
        double[] expected = [.. functions.SelectMany(function => x.ToArray().Select(v => function(v)))];
        Assert.That(y.ToArray().Zip(expected, (seen, right) => Math.Abs(seen - right) / (1 + Math.Abs(right))), Is.All.LessThan(4e-7));
    }

    [Test]
    public void Integers_of_all_widths()
    {
        using var bench = new PtxBench();
        int[] values = [.. Enumerable.Range(0, 32).Select(i => (i - 16) * 1_234_567)];
        Buffer<int> y = bench.Buffer(12 * 32, _ => 0);
        Buffer<byte> bytes = bench.Buffer(32, i => (byte)(i * 9));
        Buffer<ushort> shorts = bench.Buffer(32, i => (ushort)(i * 2999));
        bench.Device.Launch(PtxSampleKernels.Integers, 1, 32).With(bench.Buffer(values)).With(y).With(bytes).With(shorts).Run();
        Func<int, int, int>[] results =
        [
            (v, _) => v / 7, (v, _) => v % 7, (v, _) => (int)((uint)v / 5u), (v, _) => v >> 3, (v, _) => (int)((uint)v >> 3), (v, _) => v << 5,
            (v, _) => int.PopCount(v) + int.LeadingZeroCount(v) + int.TrailingZeroCount(v),
            (v, _) => Math.Abs(v) + Math.Min(v, 3) + Math.Max(v, -3), (v, _) => (int)((long)v * v % 1000), (v, i) => (v ^ 0x55) & ~i | 2,
            (v, i) => (sbyte)(byte)((i * 9) + v), (_, i) => (short)(ushort)((ushort)(i * 2999) * 3),
        ];
        Assert.That(y.ToArray(), Is.EqualTo(results.SelectMany(result => values.Select((v, i) => result(v, i)))));
    }

    [Test]
    public void Lanes_part_and_meet_again()
    {
        using var bench = new PtxBench();
        int[] values = [.. Enumerable.Range(0, 64).Select(i => i * 7 % 23)];
        Buffer<int> y = bench.Buffer(64, _ => 0);
        bench.Device.Launch(PtxSampleKernels.Branches, 1, 64).With(bench.Buffer(values)).With(y).Run();
        Assert.That(y.ToArray(), Is.EqualTo(values.Select(Branches)));
    }

    [Test]
    public void Atomics_count_every_thread()
    {
        using var bench = new PtxBench();
        Buffer<int> counters = bench.Buffer(7, i => i == 4 ? -1 : 0);
        Buffer<float> sum = bench.Buffer(0f);
        bench.Device.Launch(PtxSampleKernels.Atomics, 2, 48).With(counters).With(sum).Run();
        Assert.That(counters.ToArray(), Is.EqualTo(new[] { 96, 95, -95, -1, 95, 95, 1 }));
        Assert.That(sum.ToArray(), Is.EqualTo(new[] { 48f }));
    }

    [Test]
    public void Fused_multiply_add_rounds_once()
    {
        using var bench = new PtxBench();
        float x = 1 + MathF.Pow(2, -12);
        Buffer<float> y = bench.Buffer(0f);
        bench.Device.Launch(PtxSampleKernels.Fused, 1, 1).With(bench.Buffer(x)).With(y).Run();
        Assert.That(y.ToArray()[0], Is.EqualTo(MathF.FusedMultiplyAdd(x, x, -1)).And.Not.EqualTo((x * x) - 1));
    }

    private static int Branches(int value)
    {
        int result = 0;
        for (int step = 0; step < value; step++)
        {
            if ((step & 1) == 0)
            {
                result += step;
            }
            else if (step % 3 == 0)
            {
                result -= 2;
                continue;
            }

            if (result > 40)
            {
                break;
            }
        }

        return result + (value < 4 ? 100 * (value + 1) : 0);
    }

    private static float[] Product(float[] a, float[] b, int size, bool transposed)
    {
        var product = new float[size * size];
        for (int row = 0; row < size; row++)
        {
            for (int column = 0; column < size; column++)
            {
                double sum = 0;
                for (int k = 0; k < size; k++)
                {
                    sum += a[(row * size) + k] * (double)(transposed ? b[(column * size) + k] : b[(k * size) + column]);
                }

                product[(row * size) + column] = (float)sum;
            }
        }

        return product;
    }

    private static float Rounded(float value) => Widened(PtxIntrinsics.PackBFloat16(0, value) & 0xFFFF0000);

    private static float Widened(uint bits) => BitConverter.UInt32BitsToSingle(bits);

    private static uint[] Pairs(float[] values) => [.. values.Chunk(2).Select(pair => PtxIntrinsics.PackBFloat16(pair[0], pair[1]))];
}
