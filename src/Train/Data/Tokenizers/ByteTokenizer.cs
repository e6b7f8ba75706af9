namespace TinyLM;

/// <summary>A token a byte: ids 0 … 255 are the bytes, 256 is <see cref="BosId"/>. Nothing is ever unknown.</summary>
public sealed class ByteTokenizer : ITokenizer
{
    internal const string Kind = "bytes";

    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];

    public string Name => Kind;

    public int VocabularySize => 257;

    public int BosId => 256;

    /// <inheritdoc/>
    public int[] Encode(ReadOnlySpan<byte> text)
    {
        var ids = new int[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            ids[i] = text[i];
        }

        return ids;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> BytesOf(int id)
    {
        TokenizerText.CheckId(this, id);
        return id == BosId ? [] : Bytes.AsSpan(id, 1);
    }

    /// <inheritdoc/>
    public void Save(Stream stream) => TokenizerFile.WriteKind(stream, Kind);
}
