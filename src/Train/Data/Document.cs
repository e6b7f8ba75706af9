namespace TinyLM;

/// <summary>One text that stands for itself: a member's reference page, a line, a file.</summary>
/// <param name="Name">Where it comes from, for messages: a member's name, <c>names.txt:12</c>, a path.</param>
/// <param name="Text">The text.</param>
public sealed record Document(string Name, string Text);
