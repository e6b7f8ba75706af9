using System.Collections;
using System.Numerics;
using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU.Backends.PTX;
using Half = ILGPU.Half;

namespace TinyLM.Tests;

/// <summary>The interpreter knows what ILGPU emits for ordinary kernels, and does with it what plain C# does.</summary>
public class PtxOpcodeTests
{
    private const double NaN = double.NaN;

    private static readonly float[] Singles =
    [
        0, -0f, 1, -1, 0.5f, -1.5f, 2.5f, 3.49999f, 127, -128, 255.7f, 32767, 65535, 70000, -2147483648, 3e9f, -1e19f, 1.5e19f, 1e-40f, 3e38f,
        float.PositiveInfinity, float.NegativeInfinity, float.NaN,
    ];

    [Test]
    public void Integers()
    {
        Check<PtxFamilies.Integers<sbyte>, sbyte, sbyte>(0, 1, -1, 2, 5, 77, -100, 127, -128);
        Check<PtxFamilies.Integers<byte>, byte, byte>(0, 1, 2, 5, 77, 127, 128, 200, 255);
        Check<PtxFamilies.Integers<short>, short, short>(0, 1, -1, 2, 300, -5000, short.MaxValue, short.MinValue);
        Check<PtxFamilies.Integers<ushort>, ushort, ushort>(0, 1, 2, 300, 5000, 40000, ushort.MaxValue);
        Check<PtxFamilies.Integers<int>, int, int>(0, 1, -1, 7, -13, 100_000, -123_456_789, int.MaxValue, int.MinValue);
        Check<PtxFamilies.Integers<uint>, uint, uint>(0, 1, 7, 100_000, 3_000_000_000, uint.MaxValue);
        Check<PtxFamilies.Integers<long>, long, long>(0, 1, -1, 7, -13, 100_000_000_000, long.MaxValue, long.MinValue);
        Check<PtxFamilies.Integers<ulong>, ulong, ulong>(0, 1, 7, 100_000_000_000, ulong.MaxValue);
    }

    [Test]
    public void Shifts_bit_counts_and_extremes()
    {
        Check<PtxFamilies.Int32, int, int>(0, 1, -1, 5, 31, 33, -13, 100_000, int.MaxValue, int.MinValue);
        Check<PtxFamilies.UInt32, uint, uint>(0, 1, 5, 31, 33, 3_000_000_000, uint.MaxValue);
        Check<PtxFamilies.Int64, long, long>(0, 1, -1, 5, 33, 63, 65, -13, 100_000_000_000, long.MaxValue, long.MinValue);
        Check<PtxFamilies.UInt64, ulong, ulong>(0, 1, 5, 33, 63, 65, 100_000_000_000, ulong.MaxValue);
    }

    /// <summary>ILGPU mistakes the sign of 8 and 16 bits that change it and are widened: (uint)x of an sbyte or short, (sbyte)x of a ushort.</summary>
    [Test]
    public void Conversions_of_integers()
    {
        Check<PtxFamilies.FromSByte, sbyte, ulong>([3, 5], 0, 1, -1, 127, -128);
        Check<PtxFamilies.FromByte, byte, ulong>(0, 1, 127, 128, 255);
        Check<PtxFamilies.FromInt16, short, ulong>([5], 0, 1, -1, 200, -129, short.MaxValue, short.MinValue);
        Check<PtxFamilies.FromUInt16, ushort, ulong>([0], 0, 1, 200, 40000, ushort.MaxValue);
        Check<PtxFamilies.FromInt32, int, ulong>(0, 1, -1, 200, -40000, 16_777_217, int.MaxValue, int.MinValue);
        Check<PtxFamilies.FromUInt32, uint, ulong>(0, 1, 40000, 16_777_217, 3_000_000_000, uint.MaxValue);
        Check<PtxFamilies.FromInt64, long, ulong>(0, 1, -1, 40000, -9_007_199_254_740_993, long.MaxValue, long.MinValue);
        Check<PtxFamilies.FromUInt64, ulong, ulong>(0, 1, 40000, 9_007_199_254_740_993, ulong.MaxValue);
    }

    /// <summary>
    /// C# turns NaN into 0; PTX does so too, but for 64 bits on either side. Of (sbyte)(int)x ILGPU makes one conversion, which saturates at 127.
    /// </summary>
    [Test]
    public void Conversions_of_floats_saturate()
    {
        Check<PtxFamilies.FromSingle, float, ulong>([], PtxFamilies.FromSingle.Expected, 0, -0f, 1.7f, -1.7f, 100.5f, -128.9f);
        Check<PtxFamilies.FromSingle, float, ulong>([0, 1, 2, 3], PtxFamilies.FromSingle.Expected, [.. Singles.Where(value => !float.IsNaN(value))]);
        Check<PtxFamilies.FromDouble, double, ulong>(
            [0, 1, 2, 3], PtxFamilies.FromDouble.Expected,
            [.. Singles.Where(value => !float.IsNaN(value)).Select(value => value * 1.0000001), 1e300, -1e300, 5e-324]);
        Check<PtxFamilies.FromHalf, Half, ulong>([0, 1, 2], [.. Singles.Where(value => !float.IsNaN(value)).Select(value => (Half)value)]);
        Assert.That(Run<PtxFamilies.FromSingle, float, ulong>([float.NaN], [0])[4..8], Is.EqualTo(new ulong[] { 0, 0, 1ul << 63, 1ul << 63 }));
        Assert.That(
            Run<PtxFamilies.FromDouble, double, ulong>([NaN], [0])[4..8], Is.EqualTo(new[] { ulong.MaxValue << 31, 1ul << 31, 1ul << 63, 1ul << 63 }));
    }

    /// <summary>ILGPU hands copysign its operands in the wrong order: PTX wants the sign first.</summary>
    [Test]
    public void Floats()
    {
        Check<PtxFamilies.Single, float, float>([23], Singles);
        Check<PtxFamilies.Double, double, double>([23], [.. Singles.Select(value => (double)value), 1 / 3.0, 1e300, 5e-324]);
        Check<PtxFamilies.Halves, Half, Half>([], PtxFamilies.Halves.Expected, [.. Singles.Where(value => MathF.Abs(value) < 60000).Select(value => (Half)value)]);
    }

    /// <summary>ILGPU's RoundToEven makes 1 of 1.5, which is left out. Its double-precision functions are calls.</summary>
    [Test]
    public void Functions()
    {
        float[] values = [-4.5f, -1.25f, -0.5f, 0.125f, 0.8125f, 1.625f, 2.5f, 3.5f];
        double[] wide = Array.ConvertAll(values, value => (double)value);
        CheckFunctions<PtxFamilies.SingleFunctions, float>(values, PtxFamilies.SingleFunctions.Expected);
        CheckFunctions<PtxFamilies.DoubleFunctions, double>(wide, PtxFamilies.DoubleFunctions.Expected);
    }

    [Test]
    public void Division_by_zero_does_not_stop_a_gpu()
    {
        using var bench = new PtxBench();
        Buffer<long> y = bench.Buffer(6, _ => 0L);
        bench.Device.Launch(PtxOpcodeKernels.DivideByZero, 1, 1).With(bench.Buffer(5, 0, int.MinValue, -1)).With(y).Run();
        Assert.That(y.ToArray(), Is.EqualTo(new long[] { -1, 5, uint.MaxValue, -1, int.MinValue, 0 }));
    }

    [Test]
    public void Atomics()
    {
        CheckAtomics<PtxFamilies.AtomicInt32, int>([5, -7, 3, 3, 1000, -2], 3);
        CheckAtomics<PtxFamilies.AtomicUInt32, uint>([5, 3_000_000_000, 3, 3, 1000], 3);
        CheckAtomics<PtxFamilies.AtomicInt64, long>([5, -7, 3, 3, 1L << 40, -2], 3);
        CheckAtomics<PtxFamilies.AtomicUInt64, ulong>([5, 1ul << 63, 3, 3, 1000], 3);
        CheckAtomics<PtxFamilies.AtomicSingle, float>([5, -7.5f, 3, 3, 1e10f, -2], 3);
        CheckAtomics<PtxFamilies.AtomicDouble, double>([5, -7.5, 3, 3, 1e100, -2], 3);
    }

    [Test]
    public void Atomics_on_shared_memory()
    {
        using var bench = new PtxBench();
        int[] values = [.. Enumerable.Range(0, 64).Select(i => i * 37 % 64)];
        Buffer<int> y = bench.Buffer(66, _ => 0);
        bench.Device.Launch(PtxOpcodeKernels.SharedAtomics, 1, 64).With(bench.Buffer(values)).With(y).Run();
        Assert.That(y.ToArray(), Is.EqualTo(new[] { values.Sum(), 63 }.Concat(values.Select((_, i) => values.Take(i).Append(0).Max()))));
    }

    [Test]
    public void Shuffles()
    {
        using var bench = new PtxBench();
        int[] x = [.. Enumerable.Range(0, 32).Select(i => (i * i) + 100)];
        Buffer<int> y = bench.Buffer(11 * 32, _ => 0);
        Buffer<double> z = bench.Buffer(64, _ => 0.0);
        bench.Device.Launch(PtxOpcodeKernels.Shuffles, 1, 32).With(bench.Buffer(x)).With(y).With(z).Run();
        Func<int, int>[] expected =
        [
            i => x[31 - i], i => i + 3 < 32 ? x[i + 3] : x[i], i => i >= 5 ? x[i - 5] : x[i], i => x[i ^ 9],
            i => x[(i & 24) + 2], i => (i & 7) + 3 < 8 ? x[i + 3] : x[i], i => (i & 15) >= 2 ? x[i - 2] : x[i], i => x[i ^ 3],
            _ => x[7], _ => x.Sum(), i => (int)((long)x[i ^ 1] << 20) + (int)((long)x[i ^ 1] << 20 >> 32),
        ];
        Assert.That(y.ToArray(), Is.EqualTo(expected.SelectMany(row => Enumerable.Range(0, 32).Select(row))));
        Assert.That(z.ToArray(), Is.EqualTo(
            Enumerable.Range(0, 32).Select(i => x[i ^ 4] * 1.5).Concat(Enumerable.Range(0, 32).Select(i => x[Math.Min(i + 1, 31)] * 0.5))));
    }

    [Test]
    public void Votes_and_lane_masks()
    {
        using var bench = new PtxBench();
        uint[] x = [.. Enumerable.Range(0, 32).Select(i => (uint)(i * 5 % 16))];
        Buffer<uint> y = bench.Buffer(198, _ => 0u);
        bench.Device.Launch(PtxOpcodeKernels.Votes, 1, 32).With(bench.Buffer(x)).With(y).Run();
        uint ballot = (uint)x.Select((value, i) => value > 5 ? 1L << i : 0).Sum();
        Func<int, uint>[] expected = [_ => ballot, _ => 1, _ => 2, _ => 1, i => uint.MaxValue << i, i => (uint)(ulong.MaxValue << (i + 1)), _ => 0x3F];
        Assert.That(y.ToArray(), Is.EqualTo(expected.SelectMany(row => Enumerable.Range(0, 32).Select(row)).Take(198)));
    }

    [Test]
    public void Barriers_that_count_and_fences()
    {
        using var bench = new PtxBench();
        int[] x = [.. Enumerable.Range(0, 96).Select(i => i * 11 % 50)];
        Buffer<int> y = bench.Buffer(5 * 96, _ => 0);
        bench.Device.Launch(PtxOpcodeKernels.Barriers, 1, 96).With(bench.Buffer(x)).With(y).Run();
        int[] expected = [x.Count(value => value % 2 != 0), 2, 1, x[3], x.Max()];
        Assert.That(y.ToArray(), Is.EqualTo(expected.SelectMany(value => Enumerable.Repeat(value, 96))));
    }

    [Test]
    public void Intrinsics_of_ones_own()
    {
        Check<PtxBitIntrinsics, uint, uint>(0, 1, 5, 12, 20, 31, 32, 40, 0x12345678, 0x80000000, uint.MaxValue);
        Check<PtxFloatIntrinsics, float, float>(Singles);
    }

    /// <summary>ILGPU's own tables of arithmetic, comparisons and conversions, line by line.</summary>
    [Test]
    public void Every_opcode_in_the_tables_of_ILGPU_is_known()
    {
        string[] opcodes =
        [
            .. typeof(PTXInstructions).GetFields(BindingFlags.Static | BindingFlags.NonPublic)
                .Where(field => field.Name.Contains("Operations", StringComparison.Ordinal) && field.GetValue(null) is IDictionary)
                .SelectMany(field => ((IDictionary)field.GetValue(null)!).Values.OfType<string>())
                .Where(opcode => opcode.Contains('.', StringComparison.Ordinal) && !opcode.StartsWith("atom", StringComparison.Ordinal)
                    && !opcode.StartsWith("red", StringComparison.Ordinal) && opcode != "mul.u32")
                .Distinct(),
        ];
        Assert.That(opcodes, Has.Length.GreaterThan(300));
        string[] unknown = [.. opcodes.Where(opcode => !IsKnown(opcode))];
        Assert.That(unknown, Is.Empty);
    }

    private static bool IsKnown(string opcode)
    {
        string[] parts = opcode.Split('.');
        string[] operands = parts[0] switch
        {
            "setp" => ["%p1", Register(parts[^1], 1), Register(parts[^1], 2)],
            "testp" => ["%p1", Register(parts[^1], 1)],
            "selp" => [Register(parts[^1], 0), Register(parts[^1], 1), Register(parts[^1], 2), "%p1"],
            "cvt" => [Register(parts[^2], 0), Register(parts[^1], 1)],
            "popc" or "clz" => ["%r0", Register(parts[^1], 1)],
            "mul" when parts[1] == "wide" => ["%rd0", "%r1", "%r2"],
            _ => [.. Enumerable.Range(0, 4).Select(index => Register(parts[^1], index))],
        };
        for (int count = operands.Length; count >= 2; count--)
        {
            string ptx = ".entry k(\n)\n{\n.reg .pred %p<4>;\n.reg .b16 %rs<4>;\n.reg .b32 %r<4>;\n.reg .b64 %rd<4>;\n.reg .f32 %f<4>;\n.reg .f64 %fd<4>;\n" +
                $"{opcode} {string.Join(", ", operands.Take(count))};\n}}\n";
            try
            {
                PtxDecoder.Decode(new CompiledKernel(PtxSampleKernels.Add, ptx, "k", []));
                return true;
            }
            catch (DeviceException)
            {
                // Fewer operands, perhaps.
            }
        }

        return false;
    }

    private static string Register(string type, int index) => type switch
    {
        "pred" => $"%p{index}",
        "f32" => $"%f{index}",
        "f64" => $"%fd{index}",
        _ when type.EndsWith("64", StringComparison.Ordinal) => $"%rd{index}",
        _ when type.EndsWith("32", StringComparison.Ordinal) => $"%r{index}",
        _ => $"%rs{index}",
    };

    private static void Check<TFamily, TIn, TOut>(params TIn[] values)
        where TFamily : struct, IPtxFamily<TIn, TOut>
        where TIn : unmanaged
        where TOut : unmanaged => Check<TFamily, TIn, TOut>([], TFamily.Apply, values);

    private static void Check<TFamily, TIn, TOut>(int[] differing, params TIn[] values)
        where TFamily : struct, IPtxFamily<TIn, TOut>
        where TIn : unmanaged
        where TOut : unmanaged => Check<TFamily, TIn, TOut>(differing, TFamily.Apply, values);

    /// <summary>
    /// Every pair of the values, in the kernel and in a plain loop, bit for bit; one NaN is as good as another. Where ILGPU is known to emit
    /// something else than the C# says, it must do so still.
    /// </summary>
    private static void Check<TFamily, TIn, TOut>(int[] differing, Func<int, TIn, TIn, TOut> loop, params TIn[] values)
        where TFamily : struct, IPtxFamily<TIn, TOut>
        where TIn : unmanaged
        where TOut : unmanaged
    {
        TIn[] a = [.. values.SelectMany(value => Enumerable.Repeat(value, values.Length))];
        TIn[] b = [.. values.SelectMany(_ => values)];
        TOut[] seen = Run<TFamily, TIn, TOut>(a, b);
        var wrong = new List<string>();
        var different = new SortedSet<int>();
        for (int which = 0; which < TFamily.Count; which++)
        {
            for (int i = 0; i < a.Length; i++)
            {
                TOut expected = loop(which, a[i], b[i]);
                if (!SameBits(seen[(which * a.Length) + i], expected) && different.Add(which))
                {
                    wrong.Add($"{which}({a[i]}, {b[i]}) = {seen[(which * a.Length) + i]}, expected {expected}");
                }
            }
        }

        Assert.That(different, Is.EqualTo(differing), $"{typeof(TFamily)}: {string.Join("; ", wrong)}");
    }

    private static void CheckFunctions<TFamily, T>(T[] values, Func<int, double, double, double> expected)
        where TFamily : struct, IPtxFamily<T, T>
        where T : unmanaged, INumber<T>
    {
        T[] a = [.. values.SelectMany(value => Enumerable.Repeat(value, values.Length))];
        T[] b = [.. values.SelectMany(_ => values.Select(T.Abs))];
        T[] seen = Run<TFamily, T, T>(a, b);
        var wrong = new List<string>();
        var different = new SortedSet<int>();
        for (int index = 0; index < seen.Length; index++)
        {
            int pair = index % a.Length;
            double right = expected(index / a.Length, double.CreateChecked(a[pair]), double.CreateChecked(b[pair]));
            double error = Math.Abs(double.CreateChecked(seen[index]) - right) / (1 + Math.Abs(right));
            if (!(error < 1e-5) && different.Add(index / a.Length))
            {
                wrong.Add($"{index / a.Length}({a[pair]}, {b[pair]}) = {seen[index]}, expected {right}");
            }
        }

        Assert.That(wrong, Is.Empty, typeof(TFamily).Name);
    }

    private static TOut[] Run<TFamily, TIn, TOut>(TIn[] a, TIn[] b)
        where TFamily : struct, IPtxFamily<TIn, TOut>
        where TIn : unmanaged
        where TOut : unmanaged
    {
        using var bench = new PtxBench();
        Buffer<TOut> y = bench.Buffer(new TOut[TFamily.Count * a.Length]);
        bench.Device.Launch(PtxFamily<TFamily, TIn, TOut>.Kernel, TFamily.Count, a.Length).With(bench.Buffer(a)).With(bench.Buffer(b)).With(y).Run();
        return y.ToArray();
    }

    /// <summary>Lanes take their turns in ascending order, as a plain loop does.</summary>
    private static void CheckAtomics<TFamily, T>(T[] values, T start)
        where TFamily : struct, IPtxAtomicFamily<T>
        where T : unmanaged
    {
        T[] cells = [.. Enumerable.Repeat(start, TFamily.Count)];
        var old = new T[TFamily.Count * values.Length];
        using var bench = new PtxBench();
        Buffer<T> kept = bench.Buffer(cells), dropped = bench.Buffer(cells), seen = bench.Buffer(old);
        bench.Device.Launch(PtxAtomicFamily<TFamily, T>.Kept, TFamily.Count, values.Length).With(kept).With(bench.Buffer(values)).With(seen).Run();
        bench.Device.Launch(PtxAtomicFamily<TFamily, T>.Dropped, TFamily.Count, values.Length).With(dropped).With(bench.Buffer(values)).Run();
        for (int index = 0; index < old.Length; index++)
        {
            int which = index / values.Length;
            old[index] = TFamily.Apply(which, ref cells[which], values[index % values.Length]);
        }

        Assert.That(seen.ToArray(), Is.EqualTo(old), typeof(TFamily).Name);
        Assert.That(kept.ToArray(), Is.EqualTo(cells), typeof(TFamily).Name);
        Assert.That(dropped.ToArray(), Is.EqualTo(cells), $"{typeof(TFamily).Name}, results dropped");
    }

    private static bool SameBits<T>(T a, T b)
        where T : unmanaged => (a, b) switch
        {
            (float x, float y) => BitConverter.SingleToInt32Bits(x) == BitConverter.SingleToInt32Bits(y) || (float.IsNaN(x) && float.IsNaN(y)),
            (double x, double y) => BitConverter.DoubleToInt64Bits(x) == BitConverter.DoubleToInt64Bits(y) || (double.IsNaN(x) && double.IsNaN(y)),
            _ => MemoryMarshal.AsBytes([a]).SequenceEqual(MemoryMarshal.AsBytes([b])),
        };
}
