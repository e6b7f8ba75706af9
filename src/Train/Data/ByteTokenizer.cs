using System.Text;
using System.Text.Json.Nodes;

namespace TinyLM;

/// <summary>A token a byte of UTF-8: ids 0 … 255 are the bytes, 256 is <see cref="BosId"/>. Nothing is ever unknown.</summary>
public sealed class ByteTokenizer : ITokenizer
{
    internal const string Kind = "bytes";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public string Name => Kind;

    public int VocabularySize => 257;

    public int BosId => 256;

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        byte[] bytes;
        try
        {
            bytes = Strict.GetBytes(text);
        }
        catch (EncoderFallbackException fault)
        {
            throw new UserException(
                $"ByteTokenizer: character {fault.Index} is half of a surrogate pair (U+{(int)text[fault.Index]:X4}), which UTF-8 "
                + "cannot hold.",
                UserException.Mistake, fault);
        }

        var ids = new int[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            ids[i] = bytes[i];
        }

        return ids;
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new byte[ids.Length];
        int count = 0;
        foreach (int id in ids)
        {
            TokenizerFile.CheckId(this, id);
            if (id != BosId)
            {
                bytes[count++] = (byte)id;
            }
        }

        return Encoding.UTF8.GetString(bytes, 0, count);
    }

    /// <inheritdoc/>
    public int ByteCount(int id)
    {
        TokenizerFile.CheckId(this, id);
        return id == BosId ? 0 : 1;
    }

    /// <inheritdoc/>
    public void Save(Stream stream) => TokenizerFile.Write(stream, new JsonObject { ["type"] = Kind });
}
