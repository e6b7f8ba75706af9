namespace TinyLM;

/// <summary>One file of a checkpoint that is to be saved.</summary>
/// <param name="Name">A plain file name, such as <c>model.safetensors</c>.</param>
/// <param name="Write">Writes the content, from front to back.</param>
public sealed record CheckpointFile(string Name, Action<Stream> Write);
