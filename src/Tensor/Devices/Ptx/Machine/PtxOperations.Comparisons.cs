using System.Numerics;

namespace TinyLM;

// setp. C#'s operators on floats are PTX's ordered comparisons, except for !=, which is the unordered "neu".
internal static partial class PtxOperations
{
    internal readonly struct Equal<T> : IPtxComparison
        where T : unmanaged, INumber<T>
    {
        public static bool Holds(ulong a, ulong b) => PtxLane.Get<T>(a) == PtxLane.Get<T>(b);
    }

    internal readonly struct NotEqual<T> : IPtxComparison
        where T : unmanaged, INumber<T>
    {
        public static bool Holds(ulong a, ulong b) => PtxLane.Get<T>(a) < PtxLane.Get<T>(b) || PtxLane.Get<T>(a) > PtxLane.Get<T>(b);
    }

    internal readonly struct Less<T> : IPtxComparison
        where T : unmanaged, INumber<T>
    {
        public static bool Holds(ulong a, ulong b) => PtxLane.Get<T>(a) < PtxLane.Get<T>(b);
    }

    internal readonly struct LessOrEqual<T> : IPtxComparison
        where T : unmanaged, INumber<T>
    {
        public static bool Holds(ulong a, ulong b) => PtxLane.Get<T>(a) <= PtxLane.Get<T>(b);
    }

    internal readonly struct Greater<T> : IPtxComparison
        where T : unmanaged, INumber<T>
    {
        public static bool Holds(ulong a, ulong b) => PtxLane.Get<T>(a) > PtxLane.Get<T>(b);
    }

    internal readonly struct GreaterOrEqual<T> : IPtxComparison
        where T : unmanaged, INumber<T>
    {
        public static bool Holds(ulong a, ulong b) => PtxLane.Get<T>(a) >= PtxLane.Get<T>(b);
    }

    /// <summary>The unordered forms hold exactly where the opposite ordered one does not.</summary>
    internal readonly struct Unless<TOpposite> : IPtxComparison
        where TOpposite : struct, IPtxComparison
    {
        public static bool Holds(ulong a, ulong b) => !TOpposite.Holds(a, b);
    }

    internal readonly struct Unordered<T> : IPtxComparison
        where T : unmanaged, INumber<T>
    {
        public static bool Holds(ulong a, ulong b) => T.IsNaN(PtxLane.Get<T>(a)) || T.IsNaN(PtxLane.Get<T>(b));
    }

    internal readonly struct IsInfinite<T> : IPtxComparison
        where T : unmanaged, INumber<T>
    {
        public static bool Holds(ulong a, ulong b) => T.IsInfinity(PtxLane.Get<T>(a));
    }

    internal readonly struct IsFinite<T> : IPtxComparison
        where T : unmanaged, INumber<T>
    {
        public static bool Holds(ulong a, ulong b) => T.IsFinite(PtxLane.Get<T>(a));
    }
}
