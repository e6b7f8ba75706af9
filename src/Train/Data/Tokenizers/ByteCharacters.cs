namespace TinyLM;

/// <summary>
/// GPT-2's way to write any bytes as visible text: a printable byte is the character of its number, each other byte one of the characters from
/// U+0100 on, in order; so a space is <c>Ġ</c>. Vocabulary files name their tokens so.
/// </summary>
internal static class ByteCharacters
{
    private static readonly char[] Characters = CreateCharacters();
    private static readonly Dictionary<char, byte> Bytes = Enumerable.Range(0, 256).ToDictionary(value => Characters[value], value => (byte)value);

    /// <summary>The characters for <paramref name="bytes"/>, one each.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length];
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = Characters[bytes[i]];
        }

        return new string(text);
    }

    /// <summary>The bytes that <paramref name="text"/> stands for, or null if one of its characters stands for none.</summary>
    public static byte[]? Decode(string text)
    {
        var bytes = new byte[text.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (!Bytes.TryGetValue(text[i], out bytes[i]))
            {
                return null;
            }
        }

        return bytes;
    }

    private static char[] CreateCharacters()
    {
        var characters = new char[256];
        int others = 0;
        for (int value = 0; value < characters.Length; value++)
        {
            bool isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xFF and not 0xAD);
            characters[value] = isPrintable ? (char)value : (char)(256 + others++);
        }

        return characters;
    }
}
