namespace TinyLM;

/// <summary>A kernel as compiled: its PTX, and what can be told of it without a run.</summary>
public sealed class KernelListing
{
    private readonly PtxProgram _program;

    private KernelListing(PtxProgram program)
    {
        _program = program;
    }

    /// <summary>The PTX text; verdicts count its lines from 1.</summary>
    public string Ptx => _program.Compiled.Ptx;

    /// <summary>Instructions in the text.</summary>
    public int InstructionCount => _program.Instructions.Length;

    /// <summary>Static shared memory of a block, in bytes.</summary>
    public int SharedBytes => _program.SharedBytes;

    /// <summary>Local memory of a thread, in bytes: what ILGPU could not keep in registers.</summary>
    public int LocalBytes => _program.LocalBytes;

    /// <summary>Bytes of its parameters.</summary>
    public int ParameterBytes => _program.Compiled.ParameterBytes;

    /// <summary>A kernel's PTX alone, which needs no knowledge of its opcodes.</summary>
    /// <exception cref="DeviceException">ILGPU cannot compile the method.</exception>
    public static string PtxOf(GpuKernel kernel, PtxOptimization level = PtxOptimization.O2WithoutCodePlacement)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return PtxCompiler.At(level).Compile(kernel).Ptx;
    }

    /// <exception cref="DeviceException">ILGPU cannot compile the method, or its PTX has something that the interpreter does not know.</exception>
    public static KernelListing Of(GpuKernel kernel, PtxOptimization level = PtxOptimization.O2WithoutCodePlacement)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return new KernelListing(PtxDecoder.Decode(PtxCompiler.At(level).Compile(kernel)));
    }

    /// <summary>Instructions of a kind in the text.</summary>
    public int Count(InstructionKind kind) => _program.Instructions.Count(instruction => instruction.Kind == kind);
}
