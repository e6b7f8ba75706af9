using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace TinyLM;

/// <summary>
/// Cuts text into the words within which byte pairs are merged: each pattern cuts what the ones before left into its matches and what lies
/// between them. Nothing is lost, and no character is cut in two.
/// </summary>
/// <param name="patterns">The patterns, in order.</param>
/// <param name="atoms">What is a word of its own, before any pattern; null for nothing.</param>
internal sealed partial class WordSplitter(IReadOnlyList<Regex> patterns, Regex? atoms = null) : PreTokenizer
{
    /// <summary>The longest word, in UTF-16 units; a longer one is cut, since the time to merge its pairs grows with the square of its length.</summary>
    private const int LongestWord = 4096;

    /// <summary>GPT-2's pattern: a contraction's end; letters, digits or other characters with the space before them; white space.</summary>
    [GeneratedRegex(@"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    public static partial Regex Gpt2 { get; }

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (atoms is null)
        {
            return Words(text, (0, text.Length));
        }

        return Cut(text, (0, text.Length), atoms).SelectMany(piece => piece.IsMatch ? [piece.Range] : Words(text, piece.Range));
    }

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    private IEnumerable<(int Offset, int Length)> Words(string text, (int Offset, int Length) range)
    {
        IEnumerable<(int Offset, int Length)> words = [range];
        foreach (Regex pattern in patterns)
        {
            words = words.SelectMany(word => Cut(text, word, pattern)).Select(piece => piece.Range);
        }

        return words.SelectMany(word => Shorten(text, word));
    }

    private static IEnumerable<((int Offset, int Length) Range, bool IsMatch)> Cut(string text, (int Offset, int Length) range, Regex pattern)
    {
        int start = range.Offset, end = range.Offset + range.Length;
        for (Match match = pattern.Match(text, range.Offset, range.Length); match.Success; match = match.NextMatch())
        {
            int first = Whole(text, match.Index, end), last = Whole(text, match.Index + match.Length, end);
            if (first > start)
            {
                yield return ((start, first - start), false);
            }

            if (last > first)
            {
                yield return ((first, last - first), true);
            }

            start = Math.Max(start, last);
        }

        if (end > start)
        {
            yield return ((start, end - start), false);
        }
    }

    private static IEnumerable<(int Offset, int Length)> Shorten(string text, (int Offset, int Length) word)
    {
        int end = word.Offset + word.Length;
        for (int start = word.Offset, next; start < end; start = next)
        {
            next = Whole(text, Math.Min(end, start + LongestWord), end);
            yield return (start, next - start);
        }
    }

    /// <summary>A pattern sees UTF-16 units: one that ends within a surrogate pair takes the whole pair.</summary>
    private static int Whole(string text, int index, int end) =>
        index > 0 && index < end && char.IsSurrogatePair(text[index - 1], text[index]) ? index + 1 : index;
}
