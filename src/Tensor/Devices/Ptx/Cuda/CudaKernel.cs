namespace TinyLM;

/// <summary>A kernel that the driver has compiled for its card.</summary>
internal sealed class CudaKernel(CompiledKernel compiled, nint module, nint function) : IPtxKernel
{
    public CompiledKernel Compiled { get; } = compiled;

    public nint Module { get; } = module;

    public nint Function { get; } = function;

    /// <summary>The most dynamic shared memory that the driver has been told of.</summary>
    public int AllowedSharedBytes { get; set; } = 48 * 1024;
}
