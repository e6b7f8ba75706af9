namespace TinyLM;

// Functions of lanes. A GPU's ".approx" forms err by a few units in the last place; these are exact to half of one,
// so a kernel's tolerance must come from the error bounds in NVIDIA's manual, not from what the machine shows.
internal static partial class PtxOperations
{
    internal readonly struct SquareRootFloat : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put(MathF.Sqrt(PtxLane.Get<float>(a)));
    }

    internal readonly struct SquareRootDouble : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put(Math.Sqrt(PtxLane.Get<double>(a)));
    }

    internal readonly struct ReciprocalFloat : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put(1 / PtxLane.Get<float>(a));
    }

    internal readonly struct ReciprocalDouble : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put(1 / PtxLane.Get<double>(a));
    }

    internal readonly struct ReciprocalSquareRoot : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put((float)(1 / Math.Sqrt(PtxLane.Get<float>(a))));
    }

    internal readonly struct ReciprocalSquareRootDouble : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put(1 / Math.Sqrt(PtxLane.Get<double>(a)));
    }

    internal readonly struct PowerOfTwo : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put((float)Math.Pow(2, PtxLane.Get<float>(a)));
    }

    internal readonly struct LogarithmToBase2 : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put((float)Math.Log2(PtxLane.Get<float>(a)));
    }

    internal readonly struct Sine : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put((float)Math.Sin(PtxLane.Get<float>(a)));
    }

    internal readonly struct Cosine : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put((float)Math.Cos(PtxLane.Get<float>(a)));
    }

    internal readonly struct HyperbolicTangent : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put((float)Math.Tanh(PtxLane.Get<float>(a)));
    }

    internal readonly struct PowerOfTwoHalf : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put((Half)Math.Pow(2, (double)PtxLane.Get<Half>(a)));
    }

    internal readonly struct HyperbolicTangentHalf : IPtxUnary
    {
        public static ulong Apply(ulong a) => PtxLane.Put((Half)Math.Tanh((double)PtxLane.Get<Half>(a)));
    }

    /// <summary>cvt.rn.bf16x2.f32: the first operand becomes the high half.</summary>
    internal readonly struct PackBFloat16 : IPtxBinary
    {
        public static ulong Apply(ulong a, ulong b) =>
            (PtxIntrinsics.Round(PtxLane.Get<float>(a)) << 16) | PtxIntrinsics.Round(PtxLane.Get<float>(b));
    }
}
