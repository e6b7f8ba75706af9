using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace TinyLM;

/// <summary>Makes the <see cref="ContentHash"/> of documents that come in parts; a document's hash does not depend on where it was cut.</summary>
internal sealed class ContentHasher : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = [];

    /// <summary>Bytes since the last <see cref="Complete"/>.</summary>
    public long Length { get; private set; }

    public void Append(Document document)
    {
        if (document.Ids is not null)
        {
            Append(MemoryMarshal.AsBytes<int>(document.Ids));
            return;
        }

        int most = Encoding.UTF8.GetMaxByteCount(document.Text.Length);
        if (most > _buffer.Length)
        {
            _buffer = new byte[most];
        }

        Append(_buffer.AsSpan(0, Encoding.UTF8.GetBytes(document.Text, _buffer)));
    }

    /// <summary>The hash of all that was appended; begins anew.</summary>
    public ContentHash Complete()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        Length = 0;
        return ContentHash.FromSha256(hash);
    }

    public void Dispose() => _hash.Dispose();

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        Length += bytes.Length;
    }
}
