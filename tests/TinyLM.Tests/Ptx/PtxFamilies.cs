using System.Numerics;
using ILGPU;

namespace TinyLM.Tests;

/// <summary>What an ordinary kernel does with numbers: operators and ILGPU's intrinsics on every type.</summary>
internal static partial class PtxFamilies
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
}
