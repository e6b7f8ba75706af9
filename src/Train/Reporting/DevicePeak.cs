using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>What a device can do at best, measured: what a profile's shares are of.</summary>
/// <param name="FlopsPerSecond">Of fused multiply-adds in float32, on data that is at hand.</param>
/// <param name="BytesPerSecond">Of a copy of tensors that fit in no cache, read and written.</param>
public readonly record struct DevicePeak(double FlopsPerSecond, double BytesPerSecond)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.3);

    /// <summary>Where a run waits for it before its first step: some fifty attempts.</summary>
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(0.1);
    private static readonly ConcurrentDictionary<(string, int), double?> KnownFlops = [];
    private const int ArithmeticElements = 1 << 18;
    private const int CopiedElements = 1 << 24;

    /// <summary>The best of many attempts; null for an interpreted device, whose time tells nothing.</summary>
    public static DevicePeak? Measure(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (IsTimeless(device))
        {
            return null;
        }

        using Tape tape = device.BeginTape(gradients: false);
        Tensor source = device.Temporary(1, CopiedElements), target = device.Temporary(1, CopiedElements);
        Elementwise.Fill(source, 1);
        Elementwise.Fill(target, 1);
        double copy = Fastest(device, Patience, () => Elementwise.Copy(source, target));
        return new DevicePeak(Flops(device, Patience), 2.0 * sizeof(float) * CopiedElements / copy);
    }

    /// <summary>The arithmetic alone, measured on an idle device of that name, once a process.</summary>
    /// <inheritdoc cref="Device.Open"/>
    public static double? FlopsOf(string name, int threadCount) => KnownFlops.GetOrAdd((name, threadCount), static key =>
    {
        using Device device = Device.Open(key.Item1, key.Item2);
        if (IsTimeless(device))
        {
            return null;
        }

        using Tape tape = device.BeginTape(gradients: false);
        return Flops(device, ShortPatience);
    });

    private static bool IsTimeless(Device device) => device is GpuDevice { Statistics: not null };

    private static double Flops(Device device, TimeSpan patience)
    {
        Tensor few = device.Temporary(1, ArithmeticElements);
        Elementwise.Fill(few, 0.5f);
        double many = MultiplyAddChains.Flops / Fastest(device, patience, () => Elementwise.Unary<MultiplyAddChains>(few, few));
        double half = FewMultiplyAddChains.Flops / Fastest(device, patience, () => Elementwise.Unary<FewMultiplyAddChains>(few, few));
        return Math.Max(many, half) * ArithmeticElements;
    }

    private static double Fastest(Device device, TimeSpan patience, Action action)
    {
        double fastest = double.PositiveInfinity;
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < patience;)
        {
            device.Synchronize();
            long start = Stopwatch.GetTimestamp();
            action();
            device.Synchronize();
            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return fastest;
    }

    /// <summary>Half as many chains, which take as many registers where a lane is two of AVX2's.</summary>
    private readonly struct FewMultiplyAddChains : IUnaryOp
    {
        private const int Rounds = 128;
        private const int Chains = 5;

        public const int Flops = 2 * Chains * Rounds;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public T Apply<T>(T x)
            where T : struct, ILane<T>
        {
            T factor = T.Constant(0.999f);
            T a = x, b = x + T.One, c = x - T.One, d = x * x, e = -x;
            for (int round = 0; round < Rounds; round++)
            {
                a = T.MultiplyAdd(a, factor, x);
                b = T.MultiplyAdd(b, factor, x);
                c = T.MultiplyAdd(c, factor, x);
                d = T.MultiplyAdd(d, factor, x);
                e = T.MultiplyAdd(e, factor, x);
            }

            return (a + b + c + d + e) * T.Constant(1e-6f);
        }
    }

    /// <summary>Nothing but multiply-adds, in as many chains as hide their latency.</summary>
    private readonly struct MultiplyAddChains : IUnaryOp
    {
        private const int Rounds = 128;
        private const int Chains = 10;

        public const int Flops = 2 * Chains * Rounds;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public T Apply<T>(T x)
            where T : struct, ILane<T>
        {
            T factor = T.Constant(0.999f);
            T a = x, b = x + T.One, c = x - T.One, d = x * x, e = -x, f = a + b, g = b + c, h = c + d, i = d + e, j = e + f;
            for (int round = 0; round < Rounds; round++)
            {
                a = T.MultiplyAdd(a, factor, x);
                b = T.MultiplyAdd(b, factor, x);
                c = T.MultiplyAdd(c, factor, x);
                d = T.MultiplyAdd(d, factor, x);
                e = T.MultiplyAdd(e, factor, x);
                f = T.MultiplyAdd(f, factor, x);
                g = T.MultiplyAdd(g, factor, x);
                h = T.MultiplyAdd(h, factor, x);
                i = T.MultiplyAdd(i, factor, x);
                j = T.MultiplyAdd(j, factor, x);
            }

            return (a + b + c + d + e + f + g + h + i + j) * T.Constant(1e-6f);
        }
    }
}
