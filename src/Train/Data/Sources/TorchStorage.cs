namespace TinyLM;

/// <summary>What a torch archive says of the numbers that tensors share.</summary>
/// <param name="Key">The file in the archive's <c>data</c> that holds them.</param>
/// <param name="Type">torch's name of their type, such as int64; "untyped" where the tensor says it.</param>
internal sealed record TorchStorage(string Key, string Type);
