using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace TinyLM;

/// <summary>
/// Converts between float32 and bfloat16. Rounding is to nearest, to the even neighbour where both are as near; infinities and gradual underflow stay
/// right, and what lies past the largest finite value becomes infinite. Any NaN becomes 0x7FFF, as in PTX, so that all devices give the same
/// bits. Widening is exact.
/// <remarks>torch.Tensor.bfloat16, torch.Tensor.float</remarks>
/// </summary>
public static unsafe class BFloat16
{
    private const int GroupSize = 256;
    private const int SmallestShare = 1 << 13;
    private const int NaN = 0x7FFF;
    private static readonly GpuKernel RoundGpu = new(RoundKernel);
    private static readonly GpuKernel WidenGpu = new(WidenKernel);

    /// <summary>y = x, rounded, of one shape.</summary>
    public static void Round(Tensor x, BFloat16Tensor y)
    {
        Check(x, y);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(x), new RoundBody(x, y), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu when x.Length > 0:
                gpu.Launch(RoundGpu, (int)((x.Length + GroupSize - 1) / GroupSize), GroupSize).With(x).With(y).With(x.Length).Run();
                break;
        }
    }

    /// <summary>y = x, of one shape.</summary>
    public static void Widen(BFloat16Tensor x, Tensor y)
    {
        Check(y, x);
        switch (y.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(y), new WidenBody(x, y), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu when y.Length > 0:
                gpu.Launch(WidenGpu, (int)((y.Length + GroupSize - 1) / GroupSize), GroupSize).With(x).With(y).With(y.Length).Run();
                break;
        }
    }

    /// <summary>Sixteen bfloat16 as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Load(ushort* address) =>
        (Vector512.WidenLower(Vector256.Load(address).ToVector512Unsafe()) << 16).AsSingle();

    internal static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static Vector256<ushort> Round(Vector512<float> x)
    {
        Vector512<uint> bits = x.AsUInt32();
        Vector512<uint> odd = (bits >> 16) & Vector512<uint>.One;
        Vector512<uint> rounded = (bits + odd + Vector512.Create(0x7FFFu)) >> 16;
        rounded = Vector512.ConditionalSelect(Vector512.Equals(x, x).AsUInt32(), rounded, Vector512.Create((uint)NaN));
        return Vector256.Narrow(rounded.GetLower(), rounded.GetUpper());
    }

    private static long Vectors(Tensor x) => (x.Length + VectorLane.Width - 1) / VectorLane.Width;

    private static void Check(Tensor wide, BFloat16Tensor narrow)
    {
        if (narrow.Rows != wide.Rows || narrow.Columns != wide.Columns)
        {
            throw new ArgumentException($"BFloat16: {narrow.Describe()}, expected [{wide.Rows}, {wide.Columns}], the shape of {wide.Describe()}.");
        }

        if (narrow.Device != wide.Device)
        {
            throw new ArgumentException($"BFloat16: {narrow.Describe()} is on another device than {wide.Describe()}.");
        }
    }

    private readonly struct RoundBody(Tensor x, BFloat16Tensor y) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer;
        private readonly ushort* _y = y.Pointer;
        private readonly long _length = x.Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                Vector256<ushort> rounded = Round(Vector512.Load(_x + i));
                if (_length - i >= VectorLane.Width)
                {
                    rounded.Store(_y + i);
                }
                else
                {
                    for (int lane = 0; lane < _length - i; lane++)
                    {
                        _y[i + lane] = rounded[lane];
                    }
                }
            }
        }
    }

    private readonly struct WidenBody(BFloat16Tensor x, Tensor y) : CpuDevice.IRangeBody
    {
        private readonly ushort* _x = x.Pointer;
        private readonly float* _y = y.Pointer;
        private readonly long _length = y.Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                new VectorLane(Load(_x + i)).StoreFirst(_y + i, (int)Math.Min(VectorLane.Width, _length - i));
            }
        }
    }

    private static void RoundKernel(ArrayView<float> x, ArrayView<ushort> y, long length)
    {
        long i = (long)Grid.IdxX * GroupSize + Group.IdxX;
        if (i < length)
        {
            y[i] = (ushort)PtxIntrinsics.PackBFloat16(x[i], 0);
        }
    }

    private static void WidenKernel(ArrayView<ushort> x, ArrayView<float> y, long length)
    {
        long i = (long)Grid.IdxX * GroupSize + Group.IdxX;
        if (i < length)
        {
            y[i] = default(BFloat16Element).Widen(x[i]);
        }
    }
}
