using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>
/// Reads a safetensors file, strictly: the whole header is checked against the file's length before anything else, and what is malformed
/// costs one line and little memory. Nothing is mapped, so the file may be replaced while it is open.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    /// <summary>The longest header that is read, in bytes, as in the reference implementation.</summary>
    public const int LongestHeader = 100_000_000;

    private const int BytesAtOnce = 1 << 20;

    private readonly Stream _stream;
    private readonly string _source;
    private readonly bool _leaveOpen;
    private readonly long _dataStart;
    private readonly Dictionary<string, SafetensorsEntry> _byName;

    /// <param name="stream">The file; it must be able to seek, and is disposed with the reader.</param>
    /// <param name="source">The file's name, for messages.</param>
    /// <param name="leaveOpen">Whether the stream outlives the reader.</param>
    /// <exception cref="UserException">It is not a valid safetensors file.</exception>
    public SafetensorsReader(Stream stream, string source, bool leaveOpen = false)
    {
        (_stream, _source, _leaveOpen) = (stream, source, leaveOpen);
        byte[] header = ReadHeader();
        _dataStart = sizeof(long) + header.Length;
        (Entries, Metadata) = SafetensorsHeaderParser.Parse(header, stream.Length - _dataStart, source);
        _byName = Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>The tensors, in the order of the header.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>The header's <c>__metadata__</c>; often empty.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="UserException">It cannot be read, or is not a valid safetensors file.</exception>
    public static SafetensorsReader Open(string path)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            return new SafetensorsReader(file, path);
        }
        catch (Exception fault)
        {
            file?.Dispose();
            if (FileFault.Is(fault))
            {
                throw FileFault.Reading(path, fault);
            }

            throw;
        }
    }

    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public SafetensorsEntry Find(string name) => _byName.TryGetValue(name, out SafetensorsEntry? entry)
        ? entry
        : throw new UserException($"{_source}: has no tensor '{name}'; it has {Entries.Count} tensors{Examples()}.");

    /// <summary>Reads a tensor of that very shape as float32; F16 and BF16 are widened.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <param name="values">Receives all its values, row by row.</param>
    /// <exception cref="UserException">There is no such tensor, its shape is another, or it holds no floats.</exception>
    public void Read(string name, ReadOnlySpan<long> shape, Span<float> values)
    {
        SafetensorsEntry entry = Find(name);
        if (!shape.SequenceEqual([.. entry.Shape]))
        {
            throw new UserException($"{_source}: tensor {entry.Describe()}, expected the shape "
                + $"{SafetensorsHeader.Describe(shape.ToArray())}.");
        }

        Read(entry, values);
    }

    /// <summary>Reads a tensor as float32; F16 and BF16 are widened.</summary>
    /// <exception cref="UserException">The tensor holds no floats.</exception>
    /// <exception cref="ArgumentException"><paramref name="values"/> has not the tensor's length.</exception>
    public void Read(SafetensorsEntry entry, Span<float> values)
    {
        CheckLength(entry, values.Length);
        switch (entry.Type)
        {
            case SafetensorsType.F32:
                ReadBytes(entry, MemoryMarshal.AsBytes(values));
                break;
            case SafetensorsType.F16:
                Widen<Half>(entry, values, static half => (float)half);
                break;
            case SafetensorsType.BF16:
                Widen<ushort>(entry, values, static bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));
                break;
            default:
                throw WrongType(entry, "F32, F16 or BF16");
        }
    }

    /// <summary>Reads an I64 tensor.</summary>
    /// <inheritdoc cref="Read(SafetensorsEntry, Span{float})"/>
    public void Read(SafetensorsEntry entry, Span<long> values)
    {
        CheckLength(entry, values.Length);
        ReadBytes(entry.Type == SafetensorsType.I64 ? entry : throw WrongType(entry, "I64"), MemoryMarshal.AsBytes(values));
    }

    /// <summary>Reads a U8 tensor.</summary>
    /// <inheritdoc cref="Read(SafetensorsEntry, Span{float})"/>
    public void Read(SafetensorsEntry entry, Span<byte> values)
    {
        CheckLength(entry, values.Length);
        ReadBytes(entry.Type == SafetensorsType.U8 ? entry : throw WrongType(entry, "U8"), values);
    }

    public void Dispose()
    {
        if (!_leaveOpen)
        {
            _stream.Dispose();
        }
    }

    private byte[] ReadHeader()
    {
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        if (_stream.Length < prefix.Length)
        {
            throw new UserException($"{_source}: not a valid safetensors file: it has {_stream.Length} bytes, expected at least "
                + $"{prefix.Length}.");
        }

        _stream.Position = 0;
        _stream.ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        ulong rest = (ulong)(_stream.Length - prefix.Length);
        if (length > LongestHeader || length > rest)
        {
            throw new UserException(
                $"{_source}: not a valid safetensors file: it claims a header of {length} bytes, but {rest} bytes follow, of which at "
                + $"most {LongestHeader} may be header.");
        }

        var header = new byte[length];
        _stream.ReadExactly(header);
        return header;
    }

    private void ReadBytes(SafetensorsEntry entry, Span<byte> bytes, long skip = 0)
    {
        try
        {
            _stream.Position = _dataStart + entry.Start + skip;
            _stream.ReadExactly(bytes);
        }
        catch (IOException fault)
        {
            throw FileFault.Reading(_source, fault);
        }
    }

    private unsafe void Widen<T>(SafetensorsEntry entry, Span<float> values, Func<T, float> widen) where T : unmanaged
    {
        var part = new T[Math.Min(values.Length, BytesAtOnce / sizeof(T))];
        for (int done = 0; done < values.Length; done += part.Length)
        {
            Span<T> narrow = part.AsSpan(0, Math.Min(part.Length, values.Length - done));
            ReadBytes(entry, MemoryMarshal.AsBytes(narrow), (long)done * sizeof(T));
            for (int i = 0; i < narrow.Length; i++)
            {
                values[done + i] = widen(narrow[i]);
            }
        }
    }

    private static void CheckLength(SafetensorsEntry entry, int length)
    {
        if (length != entry.Length)
        {
            throw new ArgumentException($"Safetensors: {length} values for tensor {entry.Describe()}, expected {entry.Length}.");
        }
    }

    private UserException WrongType(SafetensorsEntry entry, string expected) =>
        new($"{_source}: tensor {entry.Describe()} has the wrong type, expected {expected}.");

    private string Examples() => Entries.Count == 0 ? "" : $", such as '{Entries[0].Name}'";
}
