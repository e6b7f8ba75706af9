namespace TinyLM;

/// <summary>What a torch archive says of a tensor: where its numbers lie.</summary>
/// <param name="Storage">The number of the file in the archive's <c>data</c> that holds them.</param>
/// <param name="Type">torch's name of their type, such as uint16.</param>
/// <param name="Offset">The first number, counted in numbers.</param>
/// <param name="Shape">The sizes of its dimensions.</param>
/// <param name="Strides">How far neighbours of each dimension lie apart, in numbers.</param>
internal sealed record TorchTensor(string Storage, string Type, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides);
