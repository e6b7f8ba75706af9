using System.Numerics;
using ILGPU;
using ILGPU.Algorithms;
using Half = ILGPU.Half;

namespace TinyLM.Tests;

/// <summary>What an ordinary kernel does with numbers: operators and ILGPU's intrinsics on every type.</summary>
internal static class PtxFamilies
{
    /// <summary>Operators of every integer type. No division by 0, nor of the least number by -1: C# throws there.</summary>
    public readonly struct Integers<T> : IPtxFamily<T, T>
        where T : unmanaged, IBinaryInteger<T>
    {
        public static int Count => 20;

        public static T Apply(int which, T a, T b)
        {
            T odd = b | T.One;
            T divisor = odd + T.One == T.Zero ? T.One + T.One : odd;
            switch (which)
            {
                case 0: return a + b;
                case 1: return a - b;
                case 2: return a * b;
                case 3: return a / divisor;
                case 4: return a % divisor;
                case 5: return a & b;
                case 6: return a | b;
                case 7: return a ^ b;
                case 8: return ~a;
                case 9: return T.Zero - a;
                case 10: return a << 3;
                case 11: return a << 37;
                case 12: return a >> 5;
                case 13: return a >> 1;
                case 14: return a < b ? T.One : T.Zero;
                case 15: return a <= b ? T.One : T.Zero;
                case 16: return a > b ? a : b;
                case 17: return a >= b ? T.One : T.Zero;
                case 18: return a == b ? T.One : T.Zero;
                default: return (a * b) + a;
            }
        }
    }

    public readonly struct Int32 : IPtxFamily<int, int>
    {
        public static int Count => 13;

        public static int Apply(int which, int a, int b)
        {
            switch (which)
            {
                case 0: return a << (int)b;
                case 1: return a >> (int)b;
                case 2: return a >>> (int)b;
                case 3: return Math.Abs(a == int.MinValue ? 0 : a);
                case 4: return Math.Min(a, b);
                case 5: return Math.Max(a, b);
                case 6: return IntrinsicMath.PopCount(a);
                case 7: return IntrinsicMath.LeadingZeroCount(a);
                case 8: return IntrinsicMath.TrailingZeroCount(a);
                case 9: return (int)(((long)a * b) >> 32);
                case 10: return (a > b && a > 0) || b < -3 ? 1 : 0;
                case 11: return (a == b) ^ (a > 0) ? a : 7;
                default: return IntrinsicMath.Clamp(a, -5, 1000);
            }
        }
    }

    public readonly struct UInt32 : IPtxFamily<uint, uint>
    {
        public static int Count => 8;

        public static uint Apply(int which, uint a, uint b)
        {
            switch (which)
            {
                case 0: return a << (int)b;
                case 1: return a >> (int)b;
                case 2: return Math.Min(a, b);
                case 3: return Math.Max(a, b);
                case 4: return (uint)IntrinsicMath.PopCount(a);
                case 5: return (uint)IntrinsicMath.LeadingZeroCount(a);
                case 6: return (uint)IntrinsicMath.TrailingZeroCount(a);
                default: return (a << 7) | (a >> 25);
            }
        }
    }

    public readonly struct Int64 : IPtxFamily<long, long>
    {
        public static int Count => 13;

        public static long Apply(int which, long a, long b)
        {
            switch (which)
            {
                case 0: return a << (int)b;
                case 1: return a >> (int)b;
                case 2: return a >>> (int)b;
                case 3: return Math.Abs(a == long.MinValue ? 0 : a);
                case 4: return Math.Min(a, b);
                case 5: return Math.Max(a, b);
                case 6: return IntrinsicMath.PopCount(a);
                case 7: return IntrinsicMath.LeadingZeroCount(a);
                case 8: return IntrinsicMath.TrailingZeroCount(a);
                case 9: return a ^ (b << (int)a);
                case 10: return (a > b && a > 0) || b < -3 ? 1 : 0;
                case 11: return (a == b) ^ (a > 0) ? a : 7;
                default: return IntrinsicMath.Clamp(a, -5, 1000);
            }
        }
    }

    public readonly struct UInt64 : IPtxFamily<ulong, ulong>
    {
        public static int Count => 8;

        public static ulong Apply(int which, ulong a, ulong b)
        {
            switch (which)
            {
                case 0: return a << (int)b;
                case 1: return a >> (int)b;
                case 2: return Math.Min(a, b);
                case 3: return Math.Max(a, b);
                case 4: return (ulong)IntrinsicMath.PopCount(a);
                case 5: return (ulong)IntrinsicMath.LeadingZeroCount(a);
                case 6: return (ulong)IntrinsicMath.TrailingZeroCount(a);
                default: return (a << 7) | (a >> 57);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromSByte : IPtxFamily<sbyte, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, sbyte a, sbyte b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromByte : IPtxFamily<byte, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, byte a, byte b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromInt16 : IPtxFamily<short, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, short a, short b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromUInt16 : IPtxFamily<ushort, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, ushort a, ushort b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromInt32 : IPtxFamily<int, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, int a, int b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromUInt32 : IPtxFamily<uint, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, uint a, uint b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromInt64 : IPtxFamily<long, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, long a, long b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromUInt64 : IPtxFamily<ulong, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, ulong a, ulong b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromSingle : IPtxFamily<float, ulong>
    {
        public static int Count => 11;

        public static ulong Apply(int which, float a, float b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)(int)a;
                case 1: return (byte)(uint)a;
                case 2: return (ulong)(short)(int)a;
                case 3: return (ushort)(uint)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                case 9: return Interop.FloatAsInt((double)a);
                default: return Interop.FloatAsInt((Half)a);
            }
        }

        /// <summary>On the CPU, ILGPU's Half cuts bits off where it should round.</summary>
        public static ulong Expected(int which, float a, float b) => which == 10 ? BitConverter.HalfToUInt16Bits((System.Half)a) : Apply(which, a, b);
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromDouble : IPtxFamily<double, ulong>
    {
        public static int Count => 11;

        public static ulong Apply(int which, double a, double b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)(int)a;
                case 1: return (byte)(uint)a;
                case 2: return (ulong)(short)(int)a;
                case 3: return (ushort)(uint)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                case 9: return Interop.FloatAsInt((double)a);
                default: return Interop.FloatAsInt((Half)a);
            }
        }

        /// <summary>On the CPU, ILGPU's Half cuts bits off where it should round.</summary>
        public static ulong Expected(int which, double a, double b) => which == 10 ? BitConverter.HalfToUInt16Bits((System.Half)a) : Apply(which, a, b);
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromHalf : IPtxFamily<Half, ulong>
    {
        public static int Count => 11;

        public static ulong Apply(int which, Half a, Half b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)(int)(float)a;
                case 1: return (byte)(uint)(float)a;
                case 2: return (ulong)(short)(int)(float)a;
                case 3: return (ushort)(uint)(float)a;
                case 4: return (ulong)(int)(float)a;
                case 5: return (uint)(float)a;
                case 6: return (ulong)(long)(float)a;
                case 7: return (ulong)(float)a;
                case 8: return Interop.FloatAsInt((float)a);
                case 9: return Interop.FloatAsInt((double)a);
                default: return Interop.FloatAsInt(a);
            }
        }
    }

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

    public readonly struct AtomicInt32 : IPtxAtomicFamily<int>
    {
        public static int Count => 8;

        public static int Apply(int which, ref int cell, int value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                case 5: return Atomic.And(ref cell, value);
                case 6: return Atomic.Or(ref cell, value);
                case 7: return Atomic.Xor(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicUInt32 : IPtxAtomicFamily<uint>
    {
        public static int Count => 8;

        public static uint Apply(int which, ref uint cell, uint value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                case 5: return Atomic.And(ref cell, value);
                case 6: return Atomic.Or(ref cell, value);
                case 7: return Atomic.Xor(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicInt64 : IPtxAtomicFamily<long>
    {
        public static int Count => 8;

        public static long Apply(int which, ref long cell, long value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                case 5: return Atomic.And(ref cell, value);
                case 6: return Atomic.Or(ref cell, value);
                case 7: return Atomic.Xor(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicUInt64 : IPtxAtomicFamily<ulong>
    {
        public static int Count => 8;

        public static ulong Apply(int which, ref ulong cell, ulong value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                case 5: return Atomic.And(ref cell, value);
                case 6: return Atomic.Or(ref cell, value);
                case 7: return Atomic.Xor(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicSingle : IPtxAtomicFamily<float>
    {
        public static int Count => 5;

        public static float Apply(int which, ref float cell, float value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicDouble : IPtxAtomicFamily<double>
    {
        public static int Count => 5;

        public static double Apply(int which, ref double cell, double value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }
}
