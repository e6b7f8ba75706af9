using System.Numerics;
using ILGPU.IR.Intrinsics;

namespace TinyLM.Tests;

/// <summary>Opcodes that ILGPU emits for no C#; the bodies say what PTX's manual says of them.</summary>
internal static class PtxOpcodeIntrinsics
{
    [IntrinsicImplementation, Ptx("bfe.u32 $d, $0, $1, 9;")]
    public static uint ExtractNine(uint a, uint position) => (position & 255) > 31 ? 0 : (a >> (int)(position & 255)) & 511;

    [IntrinsicImplementation, Ptx("bfe.s32 $d, $0, 20, $1;")]
    public static int ExtractFromTwenty(int a, uint length)
    {
        int kept = (int)Math.Min(length & 255, 12);
        return kept == 0 ? 0 : (length & 255) > 12 ? a >> 20 : (a << (12 - kept)) >> (32 - kept);
    }

    [IntrinsicImplementation, Ptx("brev.b32 $d, $0;")]
    public static uint Reverse(uint a)
    {
        uint reversed = 0;
        for (int bit = 0; bit < 32; bit++)
        {
            reversed |= (a >> bit & 1) << (31 - bit);
        }

        return reversed;
    }

    [IntrinsicImplementation, Ptx("bfind.u32 $d, $0;")]
    public static uint HighestBit(uint a) => a == 0 ? uint.MaxValue : (uint)BitOperations.Log2(a);

    [IntrinsicImplementation, Ptx("shf.l.wrap.b32 $d, $0, $1, 11;")]
    public static uint FunnelLeft(uint a, uint b) => (b << 11) | (a >> 21);

    [IntrinsicImplementation, Ptx("shf.r.wrap.b32 $d, $0, $1, 11;")]
    public static uint FunnelRight(uint a, uint b) => (b << 21) | (a >> 11);

    [IntrinsicImplementation, Ptx("mul.hi.u32 $d, $0, $1;")]
    public static uint High(uint a, uint b) => (uint)((ulong)a * b >> 32);

    [IntrinsicImplementation, Ptx("mul.ftz.f32 $d, $0, $1;")]
    public static float MultiplyFlushed(float a, float b) => Flush(Flush(a) * Flush(b));

    [IntrinsicImplementation, Ptx("tanh.approx.f32 $d, $0;")]
    public static float Tanh(float a) => (float)Math.Tanh(a);

    [IntrinsicImplementation, Ptx("vote.sync.ballot.b32 $d, $0, 0xFFFFFFFF;")]
    public static uint Ballot(bool holds) => throw new NotSupportedException();

    [IntrinsicImplementation, Ptx("vote.sync.all.pred $d, $0, 0xFFFFFFFF;")]
    public static bool All(bool holds) => throw new NotSupportedException();

    [IntrinsicImplementation, Ptx("vote.sync.any.pred $d, $0, 0xFFFFFFFF;")]
    public static bool Any(bool holds) => throw new NotSupportedException();

    [IntrinsicImplementation, Ptx("vote.sync.uni.pred $d, $0, 0xFFFFFFFF;")]
    public static bool Uniform(bool holds) => throw new NotSupportedException();

    [IntrinsicImplementation, Ptx("activemask.b32 $d;")]
    public static uint ActiveLanes() => throw new NotSupportedException();

    [IntrinsicImplementation, Ptx("mov.u32 $d, %lanemask_ge;")]
    public static uint LanesFrom() => throw new NotSupportedException();

    [IntrinsicImplementation, Ptx("mov.u32 $d, %lanemask_gt;")]
    public static uint LanesAbove() => throw new NotSupportedException();

    [IntrinsicImplementation, Ptx("prefetch.global.L2 [$0];")]
    public static void Prefetch(ref uint place) => throw new NotSupportedException();

    private static float Flush(float a) => float.IsSubnormal(a) ? MathF.CopySign(0, a) : a;
}
