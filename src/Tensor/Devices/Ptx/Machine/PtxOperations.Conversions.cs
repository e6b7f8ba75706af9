using System.Numerics;

namespace TinyLM;

internal static partial class PtxOperations
{
    /// <summary>How a conversion rounds a float to an integral value first.</summary>
    internal interface IPtxRounding
    {
        static abstract T Round<T>(T value)
            where T : unmanaged, INumber<T>;
    }

    /// <summary>
    /// cvt. From floats to integers it saturates; NaN gives 0, or the highest bit alone where either type has 64 bits. From wide to narrow
    /// integers it drops bits.
    /// </summary>
    internal readonly unsafe struct Convert<TFrom, TTo, TRounding> : IPtxUnary
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
        where TRounding : struct, IPtxRounding
    {
        private static bool Saturates => IsFloat<TFrom>() && !IsFloat<TTo>();

        public static ulong Apply(ulong a)
        {
            TFrom value = TRounding.Round(PtxLane.Get<TFrom>(a));
            return !Saturates ? PtxLane.Put(TTo.CreateTruncating(value))
                : !TFrom.IsNaN(value) ? PtxLane.Put(TTo.CreateSaturating(value))
                : sizeof(TFrom) < 8 && sizeof(TTo) < 8 ? 0
                : 1ul << (sizeof(TTo) * 8 - 1);
        }
    }

    /// <summary>A result that is narrower than its register keeps its sign there.</summary>
    internal readonly struct SignExtend<TInner, TNarrow, TRegister> : IPtxUnary
        where TInner : struct, IPtxUnary
        where TNarrow : unmanaged, INumber<TNarrow>
        where TRegister : unmanaged, INumber<TRegister>
    {
        public static ulong Apply(ulong a) => PtxLane.Put(TRegister.CreateTruncating(PtxLane.Get<TNarrow>(TInner.Apply(a))));
    }

    /// <summary>A conversion that needs no rounding to an integral value, or that drops the fraction.</summary>
    internal readonly struct NoRounding : IPtxRounding
    {
        public static T Round<T>(T value)
            where T : unmanaged, INumber<T> => value;
    }

    internal readonly struct RoundToEven : IPtxRounding
    {
        public static T Round<T>(T value)
            where T : unmanaged, INumber<T> => T.CreateTruncating(Math.Round(double.CreateTruncating(value), MidpointRounding.ToEven));
    }

    internal readonly struct RoundDown : IPtxRounding
    {
        public static T Round<T>(T value)
            where T : unmanaged, INumber<T> => T.CreateTruncating(Math.Floor(double.CreateTruncating(value)));
    }

    internal readonly struct RoundUp : IPtxRounding
    {
        public static T Round<T>(T value)
            where T : unmanaged, INumber<T> => T.CreateTruncating(Math.Ceiling(double.CreateTruncating(value)));
    }

    internal readonly struct RoundToZero : IPtxRounding
    {
        public static T Round<T>(T value)
            where T : unmanaged, INumber<T> => T.CreateTruncating(Math.Truncate(double.CreateTruncating(value)));
    }

    private static bool IsFloat<T>() => typeof(T) == typeof(float) || typeof(T) == typeof(double) || typeof(T) == typeof(Half);
}
