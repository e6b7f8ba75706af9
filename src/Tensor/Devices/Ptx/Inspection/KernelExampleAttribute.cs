namespace TinyLM;

/// <summary>
/// Marks a static method <c>void M(GpuDevice device)</c> that launches kernels on small data, so that KernelLab can show a run of them.
/// A generic method takes the type arguments of the kernel's class, such as the formula of an elementwise op.
/// </summary>
/// <param name="kernels">The beginning of the names of the kernels that it launches: a class, "Attention", or one kernel, "Attention.WarpForwardKernel".</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class KernelExampleAttribute(string kernels) : Attribute
{
    public string Kernels { get; } = kernels;

    internal bool Covers(string kernelName) =>
        kernelName.StartsWith(Kernels, StringComparison.Ordinal) && (kernelName.Length == Kernels.Length || kernelName[Kernels.Length] is '.' or '<');
}
