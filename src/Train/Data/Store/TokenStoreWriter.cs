using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace TinyLM;

/// <summary>Writes a <see cref="TokenStore"/>, front to back.</summary>
internal sealed class TokenStoreWriter : IDisposable
{
    /// <summary>The most tokens of a document, BOS included; what is longer becomes several.</summary>
    public const int LongestDocument = 1 << 30;

    private readonly Stream _stream;
    private readonly TokenStoreInfo _info;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<long> _starts = [];
    private ushort[] _narrow = [];
    private long _count;

    /// <param name="stream">Receives the file; it need not seek.</param>
    /// <param name="info">What is known beforehand; counts and hash are set at the end.</param>
    public TokenStoreWriter(Stream stream, TokenStoreInfo info)
    {
        (_stream, _info) = (stream, info);
        _stream.Write(TokenStore.Magic);
    }

    /// <summary>Adds a document, BOS in front of it, or goes on with one.</summary>
    /// <exception cref="UserException">An id is not of the vocabulary.</exception>
    public void Add(EncodedDocument document)
    {
        ReadOnlySpan<int> ids = document.Ids;
        if (ids.Length > 0 && TensorPrimitives.Max(MemoryMarshal.Cast<int, uint>(ids)) >= (uint)_info.VocabularySize)
        {
            throw new UserException($"{document.Name}: has the id {TensorPrimitives.Max(ids)}, expected 0 to {_info.VocabularySize - 1}, the vocabulary of tokenizer '{_info.Tokenizer}'.");
        }

        if (!document.Continues || _starts.Count == 0)
        {
            Begin();
        }

        for (int length; ids.Length > 0; ids = ids[length..])
        {
            if (_count - _starts[^1] == LongestDocument)
            {
                Begin();
            }

            length = (int)Math.Min(ids.Length, LongestDocument - (_count - _starts[^1]));
            Write(ids[..length]);
        }
    }

    /// <summary>Ends the file.</summary>
    public void Complete()
    {
        int used = (int)(_count * _info.IdSize % TokenStore.Alignment);
        _stream.Write(new byte[(TokenStore.Alignment - used) % TokenStore.Alignment]);
        int documents = _starts.Count;
        _starts.Add(_count);
        ReadOnlySpan<byte> starts = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_starts));
        _hash.AppendData(starts);
        _stream.Write(starts);
        byte[] info = JsonSerializer.SerializeToUtf8Bytes(
            _info with { DocumentCount = documents, TokenCount = _count, Sha256 = Convert.ToHexStringLower(_hash.GetHashAndReset()) }, TokenStoreJson.Default.TokenStoreInfo);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, info.Length);
        _stream.Write(info);
        _stream.Write(length);
        _stream.Write(TokenStore.Magic);
    }

    public void Dispose() => _hash.Dispose();

    private void Begin()
    {
        _starts.Add(_count);
        Write([_info.BosId]);
    }

    private void Write(ReadOnlySpan<int> ids)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(ids);
        _hash.AppendData(bytes);
        if (_info.IdSize == sizeof(ushort))
        {
            if (_narrow.Length < ids.Length)
            {
                _narrow = new ushort[Math.Max(ids.Length, 2 * _narrow.Length)];
            }

            TensorPrimitives.ConvertTruncating(ids, _narrow.AsSpan(0, ids.Length));
            bytes = MemoryMarshal.AsBytes(_narrow.AsSpan(0, ids.Length));
        }

        _stream.Write(bytes);
        _count += ids.Length;
    }
}
