namespace TinyLM;

/// <summary>A kernel as PTX text, with the layout of its parameters.</summary>
internal sealed class CompiledKernel(GpuKernel kernel, string ptx, string entry, KernelParameter[] parameters)
{
    public GpuKernel Kernel { get; } = kernel;

    /// <summary>The kernel's C# name, for messages.</summary>
    public string Name { get; } = kernel.Name;

    public string Ptx { get; } = ptx;

    /// <summary>The name of its entry in the PTX.</summary>
    public string Entry { get; } = entry;

    public KernelParameter[] Parameters { get; } = parameters;

    public int ParameterBytes { get; } = parameters.Length == 0 ? 0 : parameters[^1].Offset + parameters[^1].Bytes;
}

/// <summary>One parameter of a kernel method: a view (address, length), or a value.</summary>
/// <param name="Name">Its C# name.</param>
/// <param name="Type">Its C# type.</param>
/// <param name="Element">The element type of a view; null for a value.</param>
/// <param name="Offset">Where it lies in the argument buffer.</param>
/// <param name="Bytes">How many bytes it takes there.</param>
internal sealed record KernelParameter(string Name, Type Type, Type? Element, int Offset, int Bytes)
{
    public string TypeName => Element is null ? Type.Name : $"ArrayView<{Element.Name}>";
}
