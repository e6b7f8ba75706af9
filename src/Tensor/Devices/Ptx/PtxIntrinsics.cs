using ILGPU.IR.Intrinsics;

namespace TinyLM;

/// <summary>
/// PTX instructions as methods for GPU kernels: exact fused multiply-add and the tensor cores' bfloat16 products.
/// A <c>uint</c> holds two bfloat16, the first in the low half.
/// </summary>
/// <remarks>Fragment layouts: PTX ISA, "Matrix Fragments for mma.m16n8k16" and "ldmatrix".</remarks>
public static class PtxIntrinsics
{
    private const string KernelOnly = "Only GPU kernels can call this.";

    /// <summary>a · b + c with one rounding. ILGPU's own <c>a * b + c</c> leaves it to the assembler whether to fuse.</summary>
    [IntrinsicImplementation, Ptx("fma.rn.f32 $d, $0, $1, $2;")]
    public static float FusedMultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>Rounds two floats to a bfloat16 pair, <paramref name="low"/> in the low half.</summary>
    [IntrinsicImplementation, Ptx("cvt.rn.bf16x2.f32 $d, $1, $0;")]
    public static uint PackBFloat16(float low, float high) => Round(low) | (Round(high) << 16);

    /// <summary>The 32-bit address of an element of shared memory, as the methods below take it.</summary>
    [IntrinsicImplementation, Ptx("cvt.u32.u64 $d, $0;")]
    public static uint SharedAddress(ref uint element) => throw new NotSupportedException(KernelOnly);

    /// <summary>Begins to copy 16 bytes from global to shared memory; both addresses are multiples of 16.</summary>
    [IntrinsicImplementation, Ptx("cp.async.cg.shared.global [$0], [$1], 16;")]
    public static void CopyAsync16(uint sharedAddress, ref uint source) => throw new NotSupportedException(KernelOnly);

    /// <summary>Ends a group of this thread's <see cref="CopyAsync16"/>.</summary>
    [IntrinsicImplementation, Ptx("cp.async.commit_group;")]
    public static void CommitCopies() => throw new NotSupportedException(KernelOnly);

    /// <summary>Waits for all of this thread's groups; a barrier must follow before other threads read the copies.</summary>
    [IntrinsicImplementation, Ptx("cp.async.wait_group 0;")]
    public static void WaitForCopies() => throw new NotSupportedException(KernelOnly);

    /// <summary>Waits for all of this thread's groups but the latest one.</summary>
    [IntrinsicImplementation, Ptx("cp.async.wait_group 1;")]
    public static void WaitForCopiesButOne() => throw new NotSupportedException(KernelOnly);

    /// <summary>Loads four 8×8 tiles of bfloat16; lane i gives the shared address of row i % 8 of tile i / 8.</summary>
    [IntrinsicImplementation, Ptx("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {$d}, [$0];")]
    public static Fragment4 LoadMatrix4(uint sharedAddress) => throw new NotSupportedException(KernelOnly);

    /// <summary><see cref="LoadMatrix4"/> with each tile transposed.</summary>
    [IntrinsicImplementation, Ptx("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {$d}, [$0];")]
    public static Fragment4 LoadMatrix4Transposed(uint sharedAddress) => throw new NotSupportedException(KernelOnly);

    /// <summary>A warp's d = a · b + c: a [16, 16] and b [16, 8] in bfloat16, c and d [16, 8] in float32.</summary>
    [IntrinsicImplementation, Ptx("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {$d}, {$0}, {$1, $2}, {$3};")]
    public static Accumulator4 MultiplyBFloat16(Fragment4 a, uint b0, uint b1, Accumulator4 c) => throw new NotSupportedException(KernelOnly);

    /// <summary>Round to nearest even, as <c>cvt.rn.bf16x2</c> does.</summary>
    internal static uint Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? 0x7FFF : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    }
}

/// <summary>A lane's part of a 16×16 bfloat16 operand, or one register of each of four 8×8 tiles.</summary>
public struct Fragment4
{
    public uint A;
    public uint B;
    public uint C;
    public uint D;
}

/// <summary>A lane's part of a 16×8 float32 accumulator: rows lane / 4 (X, Y) and lane / 4 + 8 (Z, W).</summary>
public struct Accumulator4
{
    public float X;
    public float Y;
    public float Z;
    public float W;
}
