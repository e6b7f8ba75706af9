using ILGPU;
using ILGPU.Algorithms;
using Half = ILGPU.Half;

namespace TinyLM.Tests;

/// <content>Floating-point numbers and their functions.</content>
internal static partial class PtxFamilies
{
    /// <summary>What is exact in float, and comparisons, of NaN too.</summary>
    public readonly struct Single : IPtxFamily<float, float>
    {
        public static int Count => 24;

        public static float Apply(int which, float a, float b)
        {
            switch (which)
            {
                case 0: return a + b;
                case 1: return a - b;
                case 2: return a * b;
                case 3: return a / b;
                case 4: return -a;
                case 5: return Math.Abs(a);
                case 6: return Math.Min(float.IsNaN(a) ? 0 : a, float.IsNaN(b) ? 1 : b);
                case 7: return Math.Max(float.IsNaN(a) ? 0 : a, float.IsNaN(b) ? 1 : b);
                case 8: return a < b ? 1 : 2;
                case 9: return a <= b ? 1 : 2;
                case 10: return a > b ? 1 : 2;
                case 11: return a >= b ? 1 : 2;
                case 12: return a == b ? 1 : 2;
                case 13: return a != b ? 1 : 2;
                case 14: return !(a < b) ? 1 : 2;
                case 15: return !(a >= b) ? 1 : 2;
                case 16: return float.IsNaN(a) ? 1 : 2;
                case 17: return float.IsInfinity(a) ? 1 : 2;
                case 18: return float.IsFinite(a) ? 1 : 2;
                case 19: return XMath.Sqrt(a);
                case 20: return XMath.Floor(a);
                case 21: return XMath.Ceiling(a);
                case 22: return XMath.Rcp(a);
                default: return IntrinsicMath.CopySign(a, b);
            }
        }
    }

    /// <summary>Functions that are approximated; the plain loop calls .NET's.</summary>
    public readonly struct SingleFunctions : IPtxFamily<float, float>
    {
        public static int Count => 24;

        public static float Apply(int which, float a, float b)
        {
            switch (which)
            {
                case 0: return XMath.Exp(a);
                case 1: return XMath.Exp2(a);
                case 2: return XMath.Log(b);
                case 3: return XMath.Log2(b);
                case 4: return XMath.Log10(b);
                case 5: return XMath.Pow(b, a);
                case 6: return XMath.Sin(a);
                case 7: return XMath.Cos(a);
                case 8: return XMath.Tan(a);
                case 9: return XMath.Sinh(a);
                case 10: return XMath.Cosh(a);
                case 11: return XMath.Tanh(a);
                case 12: return XMath.Asin(a / 5);
                case 13: return XMath.Acos(a / 5);
                case 14: return XMath.Atan(a);
                case 15: return XMath.Atan2(a, b);
                case 16: return XMath.Rsqrt(b);
                case 17: return XMath.RoundToEven(a);
                case 18: return XMath.RoundAwayFromZero(a);
                case 19: return XMath.Truncate(a);
                case 20: return XMath.Sign(a);
                case 21: return XMath.Rem(a, b);
                case 22: return XMath.Log(b, 3);
                default: return XMath.IEEERemainder(a, b);
            }
        }

        public static double Expected(int which, double a, double b) => which switch
        {
            0 => Math.Exp(a),
            1 => Math.Pow(2, a),
            2 => Math.Log(b),
            3 => Math.Log2(b),
            4 => Math.Log10(b),
            5 => Math.Pow(b, a),
            6 => Math.Sin(a),
            7 => Math.Cos(a),
            8 => Math.Tan(a),
            9 => Math.Sinh(a),
            10 => Math.Cosh(a),
            11 => Math.Tanh(a),
            12 => Math.Asin(a / 5),
            13 => Math.Acos(a / 5),
            14 => Math.Atan(a),
            15 => Math.Atan2(a, b),
            16 => 1 / Math.Sqrt(b),
            17 => Math.Round(a, MidpointRounding.ToEven),
            18 => Math.Round(a, MidpointRounding.AwayFromZero),
            19 => Math.Truncate(a),
            20 => Math.Sign(a),
            21 => a % b,
            22 => Math.Log(b, 3),
            _ => Math.IEEERemainder(a, b),
        };
    }

    /// <summary>What is exact in double, and comparisons, of NaN too.</summary>
    public readonly struct Double : IPtxFamily<double, double>
    {
        public static int Count => 24;

        public static double Apply(int which, double a, double b)
        {
            switch (which)
            {
                case 0: return a + b;
                case 1: return a - b;
                case 2: return a * b;
                case 3: return a / b;
                case 4: return -a;
                case 5: return Math.Abs(a);
                case 6: return Math.Min(double.IsNaN(a) ? 0 : a, double.IsNaN(b) ? 1 : b);
                case 7: return Math.Max(double.IsNaN(a) ? 0 : a, double.IsNaN(b) ? 1 : b);
                case 8: return a < b ? 1 : 2;
                case 9: return a <= b ? 1 : 2;
                case 10: return a > b ? 1 : 2;
                case 11: return a >= b ? 1 : 2;
                case 12: return a == b ? 1 : 2;
                case 13: return a != b ? 1 : 2;
                case 14: return !(a < b) ? 1 : 2;
                case 15: return !(a >= b) ? 1 : 2;
                case 16: return double.IsNaN(a) ? 1 : 2;
                case 17: return double.IsInfinity(a) ? 1 : 2;
                case 18: return double.IsFinite(a) ? 1 : 2;
                case 19: return XMath.Sqrt(a);
                case 20: return XMath.Floor(a);
                case 21: return XMath.Ceiling(a);
                case 22: return XMath.Rcp(a);
                default: return IntrinsicMath.CopySign(a, b);
            }
        }
    }

    /// <summary>Of the functions in double precision, which ILGPU computes by calls, those that the others are made of.</summary>
    public readonly struct DoubleFunctions : IPtxFamily<double, double>
    {
        public static int Count => 8;

        public static double Apply(int which, double a, double b)
        {
            switch (which)
            {
                case 0: return XMath.Exp2(a);
                case 1: return XMath.Log2(b);
                case 2: return XMath.Sin(a);
                case 3: return XMath.Atan2(a, b);
                case 4: return XMath.Rsqrt(b);
                case 5: return XMath.RoundToEven(a);
                case 6: return XMath.Rem(a, b);
                default: return XMath.Truncate(a);
            }
        }

        public static double Expected(int which, double a, double b) => which switch
        {
            0 => Math.Pow(2, a),
            1 => Math.Log2(b),
            2 => Math.Sin(a),
            3 => Math.Atan2(a, b),
            4 => 1 / Math.Sqrt(b),
            5 => Math.Round(a, MidpointRounding.ToEven),
            6 => a % b,
            _ => Math.Truncate(a),
        };
    }

    public readonly struct Halves : IPtxFamily<Half, Half>
    {
        public static int Count => 8;

        public static Half Apply(int which, Half a, Half b)
        {
            switch (which)
            {
                case 0: return a + b;
                case 1: return a - b;
                case 2: return a * b;
                case 3: return a / b;
                case 4: return -a;
                case 5: return Half.Abs(a);
                case 6: return a < b ? a : b;
                default: return a == b ? b : a;
            }
        }

        /// <inheritdoc cref="FromSingle.Expected"/>
        public static Half Expected(int which, Half a, Half b)
        {
            System.Half x = BitConverter.UInt16BitsToHalf(Interop.FloatAsInt(a)), y = BitConverter.UInt16BitsToHalf(Interop.FloatAsInt(b));
            return which > 3 ? Apply(which, a, b) : Interop.IntAsFloat(BitConverter.HalfToUInt16Bits(which switch
            {
                0 => x + y,
                1 => x - y,
                2 => x * y,
                _ => x / y,
            }));
        }
    }
}
