namespace TinyLM.Mutations;

/// <summary>A deliberate bug: an expression of a kernel, and what it becomes.</summary>
/// <param name="File">Below <c>src/Tensor</c>.</param>
/// <param name="Original">Stands once in the file, or every occurrence is changed.</param>
/// <param name="Mutated">What it becomes.</param>
/// <param name="Tests">The tests that may catch it: a filter of the test program.</param>
internal sealed record Mutation(string File, string Original, string Mutated, string Tests);
