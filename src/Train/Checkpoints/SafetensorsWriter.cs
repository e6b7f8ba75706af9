using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace TinyLM;

/// <summary>
/// Writes the safetensors format (Hugging Face): the header's length in 8 bytes, a JSON header of names, types, shapes and ranges, then
/// the tensors' bytes without gaps. All tensors are declared first, then written in that order, so the stream need not seek.
/// </summary>
public sealed class SafetensorsWriter
{
    // A stream need not take more than two billion bytes at once.
    private const int BytesAtOnce = 1 << 26;

    private readonly Stream _stream;
    private readonly List<SafetensorsEntry> _entries = [];
    private int _next = -1;
    private long _end;

    /// <param name="stream">Receives the file, from its current position on.</param>
    public SafetensorsWriter(Stream stream)
    {
        _stream = stream;
    }

    /// <summary>Free text for the header's <c>__metadata__</c>.</summary>
    public IDictionary<string, string> Metadata { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Saves float32 tensors, one at a time through one buffer.</summary>
    /// <exception cref="ArgumentException">Two tensors have the same name, or a shape is negative.</exception>
    public static void Save(Stream stream, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var writer = new SafetensorsWriter(stream);
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
        {
            writer.Metadata.Add(key, value);
        }

        long longest = 0;
        foreach (SafetensorsTensor tensor in tensors)
        {
            writer.Declare(tensor.Name, SafetensorsType.F32, tensor.Shape);
            longest = Math.Max(longest, writer._entries[^1].Length);
        }

        var buffer = new float[longest];
        for (int i = 0; i < tensors.Count; i++)
        {
            Span<float> values = buffer.AsSpan(0, (int)writer._entries[i].Length);
            tensors[i].Fill(values);
            writer.Write(values);
        }

        writer.Complete();
    }

    /// <summary>Declares the next tensor; all must be declared before the first is written.</summary>
    /// <exception cref="ArgumentException">The name is taken or no UTF-8, or the shape is negative or larger than 64 bits count.</exception>
    public void Declare(string name, SafetensorsType type, params IReadOnlyList<long> shape)
    {
        if (_next >= 0)
        {
            throw new InvalidOperationException($"Safetensors: '{name}' is declared after the first tensor was written.");
        }

        SafetensorsHeader.CheckText(name);
        if (name == SafetensorsHeader.MetadataKey || _entries.Exists(entry => entry.Name == name))
        {
            throw new ArgumentException($"Safetensors: the name '{name}' is taken; each tensor needs its own.");
        }

        long start = _entries.Count == 0 ? 0 : _entries[^1].End;
        if (!SafetensorsHeader.TryCountBytes(type, shape, out long bytes) || bytes > long.MaxValue - start)
        {
            throw new ArgumentException($"Safetensors: '{name}' has the shape {SafetensorsHeader.Describe(shape)}; expected sizes of 0 "
                + "or more, of fewer than 2⁶³ bytes.");
        }

        _entries.Add(new SafetensorsEntry(name, type, [.. shape], start, start + bytes));
    }

    /// <summary>Writes the next tensor's values, or, of a very large one, the next part of them.</summary>
    /// <param name="values">Row by row.</param>
    /// <exception cref="ArgumentException">The next tensor has fewer values left, or another type.</exception>
    public void Write(ReadOnlySpan<float> values) => Write(SafetensorsType.F32, MemoryMarshal.AsBytes(values));

    /// <inheritdoc cref="Write(ReadOnlySpan{float})"/>
    public void Write(ReadOnlySpan<long> values) => Write(SafetensorsType.I64, MemoryMarshal.AsBytes(values));

    /// <inheritdoc cref="Write(ReadOnlySpan{float})"/>
    public void Write(ReadOnlySpan<byte> values) => Write(SafetensorsType.U8, values);

    /// <summary>Ends the file; every declared tensor must have been written.</summary>
    /// <exception cref="ArgumentException">The metadata is no UTF-8.</exception>
    public void Complete()
    {
        WriteHeader();
        SkipWritten();
        if (_next < _entries.Count)
        {
            throw new InvalidOperationException($"Safetensors: '{_entries[_next].Name}' was declared but not written whole.");
        }
    }

    private void Write(SafetensorsType type, ReadOnlySpan<byte> bytes)
    {
        WriteHeader();
        if (bytes.Length == 0)
        {
            return;
        }

        SkipWritten();
        if (_next == _entries.Count)
        {
            throw new InvalidOperationException("Safetensors: all declared tensors are written already.");
        }

        SafetensorsEntry entry = _entries[_next];
        if (entry.Type != type || _end + bytes.Length > entry.End)
        {
            throw new ArgumentException(
                $"Safetensors: {bytes.Length} bytes of {SafetensorsHeader.NameOf(type)} for {entry.Describe()}, which takes "
                + $"{entry.End - _end} more.");
        }

        _end += bytes.Length;
        for (; bytes.Length > BytesAtOnce; bytes = bytes[BytesAtOnce..])
        {
            _stream.Write(bytes[..BytesAtOnce]);
        }

        _stream.Write(bytes);
    }

    private void SkipWritten()
    {
        while (_next < _entries.Count && _entries[_next].End == _end)
        {
            _next++;
        }
    }

    private void WriteHeader()
    {
        if (_next >= 0)
        {
            return;
        }

        _next = 0;
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            SafetensorsHeader.Write(json, _entries, Metadata);
        }

        // Spaces up to the next multiple of 8 keep the tensors aligned.
        while (header.Length % 8 != 0)
        {
            header.WriteByte((byte)' ');
        }

        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        _stream.Write(length);
        _stream.Write(header.GetBuffer().AsSpan(0, (int)header.Length));
    }
}
