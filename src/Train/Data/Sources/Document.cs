namespace TinyLM;

/// <summary>One text that stands for itself: a member's reference page, a line, a file; or a part of a very long one.</summary>
/// <param name="Name">Where it comes from, for messages: a member's name, <c>names.txt:12</c>, a path.</param>
/// <param name="Text">The text; empty where the document comes as <see cref="Ids"/>.</param>
public sealed record Document(string Name, string Text)
{
    /// <summary>True for a further part of the document before. Parts end between two characters.</summary>
    public bool Continues { get; init; }

    /// <summary>[tokens]: the ids, without BOS, of a document that comes tokenized; null for a text.</summary>
    public int[]? Ids { get; init; }

    /// <summary>How many characters (whole code points) it has, or tokens where it comes tokenized.</summary>
    internal int CharacterCount => Ids?.Length ?? Text.Length - CountPairs(Text);

    /// <summary>Characters <paramref name="start"/> to <paramref name="end"/>, or tokens where it comes tokenized.</summary>
    internal Document Slice(int start, int end)
    {
        if (Ids is not null)
        {
            return this with { Ids = Ids[start..end] };
        }

        int from = IndexOf(Text, 0, start);
        return this with { Text = Text[from..IndexOf(Text, from, end - start)] };
    }

    private static int CountPairs(string text)
    {
        int pairs = 0;
        ReadOnlySpan<char> rest = text;
        for (int next; (next = rest.IndexOfAnyInRange('\uD800', '\uDBFF')) >= 0; rest = rest[(next + 1)..])
        {
            pairs += next + 1 < rest.Length && char.IsLowSurrogate(rest[next + 1]) ? 1 : 0;
        }

        return pairs;
    }

    /// <summary>Where the character that is <paramref name="count"/> characters after <paramref name="index"/> begins.</summary>
    private static int IndexOf(string text, int index, int count)
    {
        for (; count > 0 && index < text.Length; count--)
        {
            index += index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]) ? 2 : 1;
        }

        return index;
    }
}
