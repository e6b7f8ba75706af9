using System.Buffers.Binary;
using System.Numerics;

namespace TinyLM;

/// <summary>
/// Writes TensorFlow's TFRecord format: each record is its length (8 bytes), the masked CRC-32C of those, its bytes, and the masked CRC-32C of these,
/// all little-endian. A record that a kill cut short is where a reader stops.
/// </summary>
internal sealed class RecordFile : IDisposable
{
    private const uint MaskDelta = 0xA282EAD8;
    private readonly GrowingFile _file;

    /// <param name="path">The file; it must not exist yet.</param>
    /// <param name="operations">The disk.</param>
    /// <exception cref="UserException">It cannot be created.</exception>
    public RecordFile(string path, FileOperations operations)
    {
        try
        {
            operations.CreateFolder(Path.GetDirectoryName(path)!);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Writing(path, fault);
        }

        _file = new GrowingFile(path, operations);
    }

    /// <inheritdoc cref="GrowingFile.Write"/>
    public void Add(ReadOnlySpan<byte> record)
    {
        Span<byte> head = stackalloc byte[sizeof(ulong) + sizeof(uint)], tail = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[sizeof(ulong)..], MaskedChecksum(head[..sizeof(ulong)]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, MaskedChecksum(record));
        _file.Write([.. head, .. record, .. tail]);
    }

    /// <inheritdoc cref="GrowingFile.Flush"/>
    public void Flush() => _file.Flush();

    public void Dispose() => _file.Dispose();

    /// <summary>CRC-32C (Castagnoli), rotated and shifted, so that the checksum of data that holds checksums is a good one too.</summary>
    internal static uint MaskedChecksum(ReadOnlySpan<byte> bytes) => BitOperations.RotateRight(Checksum(bytes), 15) + MaskDelta;

    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint checksum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, value);
        }

        return ~checksum;
    }
}
