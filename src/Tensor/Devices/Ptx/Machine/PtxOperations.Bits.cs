using System.Numerics;

namespace TinyLM;

// Logic, shifts and bit counts of single lanes.
internal static partial class PtxOperations
{
    internal readonly struct And : IPtxBinary
    {
        public static ulong Apply(ulong a, ulong b) => a & b;
    }

    internal readonly struct Or : IPtxBinary
    {
        public static ulong Apply(ulong a, ulong b) => a | b;
    }

    internal readonly struct Xor : IPtxBinary
    {
        public static ulong Apply(ulong a, ulong b) => a ^ b;
    }

    internal readonly struct Not<T> : IPtxUnary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a) => PtxLane.Put(~PtxLane.Get<T>(a));
    }

    /// <summary>A shift by the width or more leaves nothing (or the sign), unlike in C#.</summary>
    internal readonly struct ShiftLeft<T> : IPtxBinary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a, ulong b) => (uint)b >= Bits<T>.Count ? 0 : PtxLane.Put(PtxLane.Get<T>(a) << (int)b);
    }

    /// <summary><inheritdoc cref="ShiftLeft{T}"/></summary>
    internal readonly struct ShiftRight<T> : IPtxBinary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a, ulong b)
        {
            int distance = (int)Math.Min((uint)b, (uint)Bits<T>.Count);
            return distance < Bits<T>.Count ? PtxLane.Put(PtxLane.Get<T>(a) >> distance)
                : T.IsNegative(PtxLane.Get<T>(a)) ? PtxLane.Put(T.AllBitsSet) : 0;
        }
    }

    internal readonly struct PopulationCount : IPtxUnary
    {
        public static ulong Apply(ulong a) => (ulong)BitOperations.PopCount(a);
    }

    internal readonly struct LeadingZeros<T> : IPtxUnary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a) => ulong.CreateTruncating(T.LeadingZeroCount(PtxLane.Get<T>(a)));
    }

    internal readonly struct ReverseBits<T> : IPtxUnary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a)
        {
            ulong reversed = 0;
            for (int bit = 0; bit < Bits<T>.Count; bit++)
            {
                reversed = (reversed << 1) | ((a >> bit) & 1);
            }

            return reversed;
        }
    }

    /// <summary>bfind: the position of the highest set bit, all ones without any.</summary>
    internal readonly struct FindHighestBit<T> : IPtxUnary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a)
        {
            ulong value = T.IsNegative(PtxLane.Get<T>(a)) ? PtxLane.Put(~PtxLane.Get<T>(a)) : a;
            return value == 0 ? uint.MaxValue : (ulong)BitOperations.Log2(value);
        }
    }

    /// <summary>bfe: length bits from position, sign-extended for signed types.</summary>
    internal readonly struct ExtractBits<T> : IPtxTernary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a, ulong b, ulong c)
        {
            int width = Bits<T>.Count;
            int position = (int)(b & 0xFF);
            int length = (int)(c & 0xFF);
            if (length == 0)
            {
                return 0;
            }

            bool signed = T.IsNegative(T.Zero - T.One);
            ulong sign = signed ? (a >> Math.Min(position + length - 1, width - 1)) & 1 : 0;
            ulong field = position >= width ? 0 : a >> position;
            int kept = Math.Min(length, Math.Max(width - position, 0));
            ulong mask = kept >= 64 ? ulong.MaxValue : (1ul << kept) - 1;
            ulong value = (field & mask) | (sign != 0 ? ~mask : 0);
            return width == 64 ? value : (uint)value;
        }
    }

    /// <summary>shf.l.wrap: the upper half of b:a, shifted left.</summary>
    internal readonly struct FunnelShiftLeft : IPtxTernary
    {
        public static ulong Apply(ulong a, ulong b, ulong c) => (uint)((((b << 32) | (uint)a) << (int)(c & 31)) >> 32);
    }

    internal readonly struct FunnelShiftRight : IPtxTernary
    {
        public static ulong Apply(ulong a, ulong b, ulong c) => (uint)(((b << 32) | (uint)a) >> (int)(c & 31));
    }
}
