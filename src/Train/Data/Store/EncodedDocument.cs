namespace TinyLM;

/// <summary>The ids of a document, or of a part of it, without BOS.</summary>
/// <param name="Name">The document's name, for messages.</param>
/// <param name="Ids">The ids.</param>
/// <param name="Continues">As <see cref="Document.Continues"/>.</param>
internal readonly record struct EncodedDocument(string Name, int[] Ids, bool Continues);
