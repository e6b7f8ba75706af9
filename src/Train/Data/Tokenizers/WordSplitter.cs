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
        var whole = new Piece(0, text.Length, IsMatch: false);
        if (atoms is null)
        {
            return Words(text, whole);
        }

        var pieces = new List<Piece>();
        Cut(text, whole, atoms, pieces);
        return pieces.SelectMany(piece => piece.IsMatch ? [(piece.Offset, piece.Length)] : Words(text, piece));
    }

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    /// <summary>All words at once: an iterator, and an object for each match, would take longer than finding it.</summary>
    private List<(int Offset, int Length)> Words(string text, Piece piece)
    {
        List<Piece> pieces = [piece];
        foreach (Regex pattern in patterns)
        {
            var finer = new List<Piece>();
            foreach (Piece coarse in pieces)
            {
                Cut(text, coarse, pattern, finer);
            }

            pieces = finer;
        }

        var words = new List<(int Offset, int Length)>(pieces.Count);
        foreach (Piece word in pieces)
        {
            Shorten(text, word, words);
        }

        return words;
    }

    private static void Cut(string text, Piece piece, Regex pattern, List<Piece> pieces)
    {
        int start = piece.Offset, end = piece.Offset + piece.Length;
        foreach (ValueMatch match in pattern.EnumerateMatches(text.AsSpan(piece.Offset, piece.Length)))
        {
            int first = Whole(text, piece.Offset + match.Index, end), last = Whole(text, piece.Offset + match.Index + match.Length, end);
            if (first > start)
            {
                pieces.Add(new Piece(start, first - start, IsMatch: false));
            }

            if (last > first)
            {
                pieces.Add(new Piece(first, last - first, IsMatch: true));
            }

            start = Math.Max(start, last);
        }

        if (end > start)
        {
            pieces.Add(new Piece(start, end - start, IsMatch: false));
        }
    }

    private static void Shorten(string text, Piece word, List<(int Offset, int Length)> words)
    {
        int end = word.Offset + word.Length;
        for (int start = word.Offset, next; start < end; start = next)
        {
            next = Whole(text, Math.Min(end, start + LongestWord), end);
            words.Add((start, next - start));
        }
    }

    /// <summary>A pattern sees UTF-16 units: one that ends within a surrogate pair takes the whole pair.</summary>
    private static int Whole(string text, int index, int end) =>
        index > 0 && index < end && char.IsSurrogatePair(text[index - 1], text[index]) ? index + 1 : index;

    /// <param name="Offset">Its first UTF-16 unit in the text.</param>
    /// <param name="Length">UTF-16 units.</param>
    /// <param name="IsMatch">Whether a pattern found it, or it lies between two matches.</param>
    private readonly record struct Piece(int Offset, int Length, bool IsMatch);
}
