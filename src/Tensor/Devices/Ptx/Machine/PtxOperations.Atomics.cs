namespace TinyLM;

// What an atomic makes of the old value (first operand) and its arguments.
internal static partial class PtxOperations
{
    internal readonly struct IgnoreThird<TBinary> : IPtxTernary
        where TBinary : struct, IPtxBinary
    {
        public static ulong Apply(ulong a, ulong b, ulong c) => TBinary.Apply(a, b);
    }

    internal readonly struct Second : IPtxBinary
    {
        public static ulong Apply(ulong a, ulong b) => b;
    }

    internal readonly struct CompareAndSwap<T> : IPtxTernary
        where T : unmanaged, IEquatable<T>
    {
        public static ulong Apply(ulong a, ulong b, ulong c) => PtxLane.Get<T>(a).Equals(PtxLane.Get<T>(b)) ? c : a;
    }
}
