namespace TinyLM;

/// <summary>Shows work that takes a while.</summary>
/// <param name="title">What is done.</param>
/// <param name="size">How much there is to do.</param>
/// <param name="work">Does it, and tells how much is done, if the argument is not null.</param>
public delegate void WorkDisplay(string title, long size, Action<IProgress<long>?> work);
