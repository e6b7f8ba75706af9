namespace TinyLM;

// ".ftz": operands and results that are denormal become zero, and keep their sign.
internal static partial class PtxOperations
{
    internal readonly struct FlushUnary<TInner, T> : IPtxUnary
        where TInner : struct, IPtxUnary
        where T : unmanaged
    {
        public static ulong Apply(ulong a) => Flush<T>(TInner.Apply(Flush<T>(a)));
    }

    internal readonly struct FlushBinary<TInner, T> : IPtxBinary
        where TInner : struct, IPtxBinary
        where T : unmanaged
    {
        public static ulong Apply(ulong a, ulong b) => Flush<T>(TInner.Apply(Flush<T>(a), Flush<T>(b)));
    }

    internal readonly struct FlushTernary<TInner, T> : IPtxTernary
        where TInner : struct, IPtxTernary
        where T : unmanaged
    {
        public static ulong Apply(ulong a, ulong b, ulong c) => Flush<T>(TInner.Apply(Flush<T>(a), Flush<T>(b), Flush<T>(c)));
    }

    private static ulong Flush<T>(ulong bits)
    {
        (ulong exponent, ulong sign) = typeof(T) == typeof(Half) ? (0x7C00u, 0x8000u)
            : typeof(T) == typeof(float) ? (0x7F80_0000ul, 0x8000_0000ul)
            : (0x7FF0_0000_0000_0000ul, 0x8000_0000_0000_0000ul);
        return (bits & exponent) == 0 ? bits & sign : bits;
    }
}
