using System.Buffers.Binary;
using System.IO.Compression;

namespace TinyLM;

/// <summary>The integers of a vector in a torch archive, read front to back.</summary>
internal sealed class TorchIntegers : IDisposable
{
    private readonly Stream _stream;
    private readonly string _place;
    private readonly int _size;
    private readonly bool _isSigned;
    private readonly byte[] _buffer;
    private int _position, _limit;

    /// <param name="archive">The archive.</param>
    /// <param name="root">The folder in it that holds everything.</param>
    /// <param name="tensor">Which vector.</param>
    /// <param name="place">What messages call it.</param>
    /// <exception cref="UserException">It is no vector of integers, or the archive does not hold it.</exception>
    public TorchIntegers(ZipArchive archive, string root, TorchTensor tensor, string place)
    {
        _place = place;
        (_size, _isSigned) = tensor.Type switch
        {
            "uint16" => (sizeof(ushort), false),
            "int16" => (sizeof(short), true),
            "int32" => (sizeof(int), true),
            "int64" => (sizeof(long), true),
            _ => throw new UserException($"{place} holds {tensor.Type}, expected uint16, int16, int32 or int64."),
        };
        if (tensor.Shape.Count != 1 || tensor.Shape[0] < 0 || tensor.Offset != 0 || (tensor.Strides is not [1] && tensor.Shape[0] > 1))
        {
            throw new UserException($"{place} has the shape [{string.Join(", ", tensor.Shape)}], strides [{string.Join(", ", tensor.Strides)}] and offset {tensor.Offset}; expected a plain vector.");
        }

        Length = tensor.Shape[0];
        if (archive.GetEntry($"{root}/byteorder") is { Length: < 16 } order)
        {
            using var reader = new StreamReader(order.Open());
            if (reader.ReadToEnd().Trim() is var name and not "little")
            {
                throw new UserException($"{place}: the archive's byte order is '{name}', expected little.");
            }
        }

        ZipArchiveEntry entry = archive.GetEntry($"{root}/data/{tensor.Storage}") ?? throw new UserException($"{place} lies in data/{tensor.Storage}, which the archive lacks.");
        if (Length > entry.Length / _size)
        {
            throw new UserException($"{place} claims {Length} numbers of {_size} bytes, but data/{tensor.Storage} has {entry.Length} bytes.");
        }

        if (entry.CompressedLength != entry.Length)
        {
            throw new UserException($"{place}: data/{tensor.Storage} is packed, to {entry.CompressedLength} of {entry.Length} bytes; expected it as it is, as torch.save writes it.");
        }

        _buffer = new byte[1 << 16];
        _stream = entry.Open();
    }

    public long Length { get; }

    /// <summary>The next number.</summary>
    public long Next()
    {
        if (_position == _limit)
        {
            // All sizes divide the buffer's.
            _limit = _stream.ReadAtLeast(_buffer, _buffer.Length, throwOnEndOfStream: false);
            (_position, _limit) = (0, _limit - _limit % _size);
            if (_limit == 0)
            {
                throw new UserException($"{_place} ends before its {Length} numbers do.");
            }
        }

        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_position, _size);
        _position += _size;
        return _size switch
        {
            sizeof(short) => _isSigned ? BinaryPrimitives.ReadInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            sizeof(int) => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        };
    }

    /// <summary>The next numbers, all of them token ids.</summary>
    public int[] Read(int count)
    {
        var ids = new int[count];
        for (int i = 0; i < count; i++)
        {
            long id = Next();
            ids[i] = id is >= 0 and <= int.MaxValue ? (int)id : throw new UserException($"{_place} has the id {id}; expected at least 0 and less than 2³¹.");
        }

        return ids;
    }

    public void Dispose() => _stream.Dispose();
}
