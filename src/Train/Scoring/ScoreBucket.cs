using System.Numerics;

namespace TinyLM;

/// <summary>The targets of some positions, or those of the documents of some lengths: buckets double in width, 1, 2 to 3, 4 to 7, …</summary>
/// <param name="First">The lowest position or length, from 1.</param>
/// <param name="Last">The highest.</param>
/// <param name="Documents">How many documents have a part in it.</param>
/// <param name="Score">Of all its targets.</param>
public sealed record ScoreBucket(int First, int Last, int Documents, DocumentScore Score)
{
    /// <summary>The bucket of a position or length, from 0.</summary>
    internal static int IndexOf(int number) => BitOperations.Log2((uint)number);

    internal static ScoreBucket At(int index, int documents, DocumentScore score) => new(1 << index, (int)((2L << index) - 1), documents, score);
}
