namespace TinyLM;

/// <summary>
/// Marks a static method as one PTX instruction inside GPU kernels. In <paramref name="text"/>, <c>$d</c> stands for the
/// registers of the result and <c>$0</c>, <c>$1</c>, … for those of the arguments; a struct's registers are listed with
/// commas, a <c>ref</c> arrives as a 64-bit address. The method also needs ILGPU's <c>[IntrinsicImplementation]</c>; its C#
/// body is what runs outside a GPU kernel.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PtxAttribute(string text) : Attribute
{
    public string Text { get; } = text;
}
