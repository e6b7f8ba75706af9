using System.Numerics;

namespace TinyLM;

/// <summary>
/// Arithmetic of single lanes; the decoder closes the type parameter by the type in the opcode.
/// </summary>
internal static partial class PtxOperations
{
    internal readonly struct Copy : IPtxUnary
    {
        public static ulong Apply(ulong a) => a;
    }

    internal readonly struct Add<T> : IPtxBinary
        where T : unmanaged, INumber<T>
    {
        public static ulong Apply(ulong a, ulong b) => PtxLane.Put(unchecked(PtxLane.Get<T>(a) + PtxLane.Get<T>(b)));
    }

    internal readonly struct Subtract<T> : IPtxBinary
        where T : unmanaged, INumber<T>
    {
        public static ulong Apply(ulong a, ulong b) => PtxLane.Put(unchecked(PtxLane.Get<T>(a) - PtxLane.Get<T>(b)));
    }

    /// <summary>mul of floats, mul.lo of integers.</summary>
    internal readonly struct Multiply<T> : IPtxBinary
        where T : unmanaged, INumber<T>
    {
        public static ulong Apply(ulong a, ulong b) => PtxLane.Put(unchecked(PtxLane.Get<T>(a) * PtxLane.Get<T>(b)));
    }

    /// <summary>mul.hi.</summary>
    internal readonly struct MultiplyHigh<T> : IPtxBinary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a, ulong b) =>
            PtxLane.Put(T.CreateTruncating(
                (Int128.CreateTruncating(PtxLane.Get<T>(a)) * Int128.CreateTruncating(PtxLane.Get<T>(b))) >> Bits<T>.Count));
    }

    /// <summary>mul.wide: the product has twice the bits of its factors.</summary>
    internal readonly struct MultiplyWide<T> : IPtxBinary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a, ulong b) =>
            Bits<T>.Widened(unchecked(long.CreateTruncating(PtxLane.Get<T>(a)) * long.CreateTruncating(PtxLane.Get<T>(b))));
    }

    /// <summary>mad.lo of integers: multiplied and added with wrap-around.</summary>
    internal readonly struct MultiplyAdd<T> : IPtxTernary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a, ulong b, ulong c) =>
            PtxLane.Put(unchecked((PtxLane.Get<T>(a) * PtxLane.Get<T>(b)) + PtxLane.Get<T>(c)));
    }

    internal readonly struct MultiplyWideAdd<T> : IPtxTernary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a, ulong b, ulong c) =>
            Bits<T>.Widened(unchecked((long.CreateTruncating(PtxLane.Get<T>(a)) * long.CreateTruncating(PtxLane.Get<T>(b))) + (long)c));
    }

    internal readonly struct FusedMultiplyAdd<T> : IPtxTernary
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        public static ulong Apply(ulong a, ulong b, ulong c) =>
            PtxLane.Put(T.FusedMultiplyAdd(PtxLane.Get<T>(a), PtxLane.Get<T>(b), PtxLane.Get<T>(c)));
    }

    internal readonly struct DivideFloat<T> : IPtxBinary
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        public static ulong Apply(ulong a, ulong b) => PtxLane.Put(PtxLane.Get<T>(a) / PtxLane.Get<T>(b));
    }

    /// <summary>Integer division; a GPU does not trap: by zero it gives all ones, and the smallest integer by -1 wraps.</summary>
    internal readonly struct DivideInteger<T> : IPtxBinary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a, ulong b)
        {
            T divisor = PtxLane.Get<T>(b);
            return T.IsZero(divisor) ? PtxLane.Put(T.AllBitsSet)
                : T.IsNegative(divisor) && T.IsZero(divisor + T.One) ? PtxLane.Put(unchecked(T.Zero - PtxLane.Get<T>(a)))
                : PtxLane.Put(PtxLane.Get<T>(a) / divisor);
        }
    }

    internal readonly struct Remainder<T> : IPtxBinary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a, ulong b)
        {
            T divisor = PtxLane.Get<T>(b);
            return T.IsZero(divisor) ? a
                : T.IsNegative(divisor) && T.IsZero(divisor + T.One) ? 0
                : PtxLane.Put(PtxLane.Get<T>(a) % divisor);
        }
    }

    /// <summary>Of a number and a NaN, the number.</summary>
    internal readonly struct Minimum<T> : IPtxBinary
        where T : unmanaged, INumber<T>
    {
        public static ulong Apply(ulong a, ulong b) => PtxLane.Put(T.MinNumber(PtxLane.Get<T>(a), PtxLane.Get<T>(b)));
    }

    internal readonly struct Maximum<T> : IPtxBinary
        where T : unmanaged, INumber<T>
    {
        public static ulong Apply(ulong a, ulong b) => PtxLane.Put(T.MaxNumber(PtxLane.Get<T>(a), PtxLane.Get<T>(b)));
    }

    internal readonly struct AbsoluteFloat<T> : IPtxUnary
        where T : unmanaged, IFloatingPoint<T>
    {
        public static ulong Apply(ulong a) => PtxLane.Put(T.Abs(PtxLane.Get<T>(a)));
    }

    internal readonly struct AbsoluteInteger<T> : IPtxUnary
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ulong Apply(ulong a) => T.IsNegative(PtxLane.Get<T>(a)) ? PtxLane.Put(unchecked(T.Zero - PtxLane.Get<T>(a))) : a;
    }

    /// <summary>The second operand with the sign of the first.</summary>
    internal readonly struct CopySign<T> : IPtxBinary
        where T : unmanaged, INumber<T>
    {
        public static ulong Apply(ulong a, ulong b) => PtxLane.Put(T.CopySign(PtxLane.Get<T>(b), PtxLane.Get<T>(a)));
    }

    internal readonly struct Negate<T> : IPtxUnary
        where T : unmanaged, INumber<T>
    {
        public static ulong Apply(ulong a) => PtxLane.Put(unchecked(-PtxLane.Get<T>(a)));
    }

    /// <summary>Widths of integer types.</summary>
    internal static unsafe class Bits<T>
        where T : unmanaged, IBinaryInteger<T>
    {
        public static int Count => sizeof(T) * 8;

        /// <summary>A product in a register of twice the width.</summary>
        public static ulong Widened(long value) => sizeof(T) == 4 ? (ulong)value : (uint)value;
    }
}
