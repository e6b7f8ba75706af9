using System.Text;

namespace TinyLM;

/// <summary>A tokenizer for strings.</summary>
public static class TokenizerText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The ids of <paramref name="text"/>, without BOS.</summary>
    /// <exception cref="UserException">The text holds half of a surrogate pair, or what the tokenizer has no id for.</exception>
    public static int[] Encode(this ITokenizer tokenizer, string text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        try
        {
            return tokenizer.Encode(Strict.GetBytes(text));
        }
        catch (EncoderFallbackException fault)
        {
            throw new UserException(
                $"Tokenizer '{tokenizer.Name}': character {fault.Index} is half of a surrogate pair (U+{(int)text[fault.Index]:X4}), which UTF-8 "
                + "cannot hold.",
                UserException.Mistake, fault);
        }
    }

    /// <summary>The text of <paramref name="ids"/>; BOS yields nothing, bytes that are not UTF-8 yield U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public static string Decode(this ITokenizer tokenizer, ReadOnlySpan<int> ids) => Encoding.UTF8.GetString(tokenizer.DecodeBytes(ids));

    /// <summary>The bytes of <paramref name="ids"/>, exactly; BOS yields none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public static byte[] DecodeBytes(this ITokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        using var bytes = new MemoryStream(ids.Length);
        foreach (int id in ids)
        {
            bytes.Write(tokenizer.BytesOf(id));
        }

        return bytes.ToArray();
    }

    /// <summary>How many bytes a token stands for: what bits per byte are counted by. 0 for BOS.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public static int ByteCount(this ITokenizer tokenizer, int id)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer.BytesOf(id).Length;
    }

    internal static void CheckId(ITokenizer tokenizer, int id)
    {
        if ((uint)id >= (uint)tokenizer.VocabularySize)
        {
            throw new ArgumentOutOfRangeException(
                nameof(id), $"Tokenizer '{tokenizer.Name}': token id {id} is outside the vocabulary, expected 0 to "
                    + $"{tokenizer.VocabularySize - 1}.");
        }
    }
}
