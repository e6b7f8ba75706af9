namespace TinyLM;

/// <summary>A float32 tensor that is to be saved in a safetensors file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Shape">The sizes of its dimensions, such as [rows, columns].</param>
/// <param name="Fill">Copies all its values, row by row, into the span it is given: <c>tensor.CopyTo</c>.</param>
public sealed record SafetensorsTensor(string Name, IReadOnlyList<long> Shape, SafetensorsTensor.FillValues Fill)
{
    /// <summary>Copies values into <paramref name="values"/>, all of it.</summary>
    public delegate void FillValues(Span<float> values);
}
