using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TinyLM;

/// <summary>Functions of whole vectors that .NET lacks or has slower.</summary>
internal static class VectorMath
{
    private const float Log2OfE = 1.44269504f;

    // Beyond these the result is 0 or ∞.
    private const float Lowest = -110;
    private const float Highest = 100;

    // ln 2 in two parts: the first has so few bits that n · first is exact.
    private const float LnTwoHigh = 0.693359375f;
    private const float LnTwoLow = -2.12194440e-4f;

    /// <summary>
    /// e^x within 0.91 ulp; exact at 0 and ±∞, NaN at NaN, gradual underflow. The polynomial is that of Cephes' <c>expf</c>
    /// (Moshier).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        if (Avx512F.IsSupported)
        {
            // Far outside, the polynomial itself would overflow. The order of the operands lets NaN through.
            Vector512<float> clamped = Avx512F.Min(Vector512.Create(Highest), Avx512F.Max(Vector512.Create(Lowest), x));
            Vector512<float> n = Avx512F.RoundScale(clamped * Vector512.Create(Log2OfE), 0);
            return Avx512F.Scale(ExpOfRemainder(clamped, n), n);
        }

        return ExpPortable(x);
    }

    /// <summary>The largest of the 16 elements. A NaN may or may not come through.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HorizontalMax(Vector512<float> x)
    {
        Vector256<float> eight = Vector256.Max(x.GetLower(), x.GetUpper());
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    /// <summary>All bits set in the lanes below <paramref name="count"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FirstLanes(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    /// <summary>For a processor without AVX-512: 2^n comes from its bits, in two halves so that neither leaves the exponent's range.</summary>
    internal static Vector512<float> ExpPortable(Vector512<float> x)
    {
        // NaN fails both comparisons and stays.
        Vector512<float> low = Vector512.Create(Lowest);
        Vector512<float> high = Vector512.Create(Highest);
        Vector512<float> clamped = Vector512.ConditionalSelect(Vector512.LessThan(x, low), low, x);
        clamped = Vector512.ConditionalSelect(Vector512.GreaterThan(clamped, high), high, clamped);
        Vector512<float> n = Vector512.Round(clamped * Vector512.Create(Log2OfE));
        Vector512<float> mantissa = ExpOfRemainder(clamped, n);
        Vector512<int> exponent = Vector512.ConvertToInt32(n);
        Vector512<int> half = exponent >> 1;
        return mantissa * PowerOfTwo(half) * PowerOfTwo(exponent - half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ExpOfRemainder(Vector512<float> x, Vector512<float> n)
    {
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-LnTwoHigh), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-LnTwoLow), r);
        Vector512<float> p = Vector512.FusedMultiplyAdd(Vector512.Create(1.9875691500E-4f), r, Vector512.Create(1.3981999507E-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073E-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894E-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459E-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.0000001201E-1f));
        return Vector512.FusedMultiplyAdd(p, r * r, r) + Vector512<float>.One;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> PowerOfTwo(Vector512<int> exponent) => ((exponent + Vector512.Create(127)) << 23).AsSingle();
}
