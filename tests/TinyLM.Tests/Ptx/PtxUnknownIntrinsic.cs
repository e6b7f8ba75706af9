using ILGPU.IR.Intrinsics;

namespace TinyLM.Tests;

/// <summary>An intrinsic of a user's own assembly, with an opcode that the interpreter does not know.</summary>
internal static class PtxUnknownIntrinsic
{
    [IntrinsicImplementation, Ptx("prmt.b32 $d, $0, $1, 12816;")]
    public static uint Permute(uint a, uint b) => throw new NotSupportedException();
}
