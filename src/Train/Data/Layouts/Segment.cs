namespace TinyLM;

/// <summary>A range of one document's tokens in a batch.</summary>
/// <param name="Document">Which document.</param>
/// <param name="Start">Its first token; 0 is BOS.</param>
/// <param name="Length">The number of tokens.</param>
/// <param name="BeginsAnew">Whether attention and positions begin anew at the first of them.</param>
internal readonly record struct Segment(int Document, int Start, int Length, bool BeginsAnew);
