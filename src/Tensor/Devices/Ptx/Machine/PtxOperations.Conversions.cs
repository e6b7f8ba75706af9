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

    /// <summary>cvt. From floats to integers it saturates, NaN gives 0; from wide to narrow integers it drops bits.</summary>
    internal readonly struct Convert<TFrom, TTo, TRounding> : IPtxUnary
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
        where TRounding : struct, IPtxRounding
    {
        private static bool Saturates => IsFloat<TFrom>() && !IsFloat<TTo>();

        public static ulong Apply(ulong a)
        {
            TFrom value = TRounding.Round(PtxLane.Get<TFrom>(a));
            return PtxLane.Put(Saturates ? TTo.CreateSaturating(value) : TTo.CreateTruncating(value));
        }
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
