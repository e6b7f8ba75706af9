namespace TinyLM;

/// <summary>
/// Goes through Parquet's headers (Thrift's compact protocol) before Parquet.Net (6.1.0) does. The library sets memory aside for whatever length they claim, takes each
/// field for what it expects whatever is written, and reads a number that runs past the end for ever. What passes here is what <see cref="ParquetStructures"/> says, and
/// claims no more than there is.
/// </summary>
internal sealed class ParquetThrift
{
    private const int BytesOfInt32 = 5, BytesOfInt64 = 10;

    private readonly StrictStream _stream;
    private readonly Dictionary<string, long> _numbers = [];

    private ParquetThrift(StrictStream stream) => _stream = stream;

    private long Left => _stream.Length - _stream.Position;

    /// <summary>Reads a structure and leaves the stream behind it.</summary>
    /// <param name="stream">Where it begins.</param>
    /// <param name="structure">Its name in <see cref="ParquetStructures"/>.</param>
    /// <returns>Its numbers and those of the structures in it, but for lists, by their path: "5.1" is the first field of the fifth.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="IOException">The stream ends before it does.</exception>
    public static IReadOnlyDictionary<string, long> Read(StrictStream stream, string structure)
    {
        var reader = new ParquetThrift(stream);
        reader.ReadStructure(structure, "");
        return reader._numbers;
    }

    private void ReadStructure(string structure, string? path)
    {
        IReadOnlyDictionary<int, string> fields = ParquetStructures.Fields(structure);
        short field = 0;
        for (int header = _stream.ReadByte(); header != 0; header = _stream.ReadByte())
        {
            int step = header >> 4, wire = header & 0xF;
            field = step > 0 ? (short)(field + step) : (short)Number(BytesOfInt32);
            string type = fields.TryGetValue(field, out string? known) ? known : ParquetStructures.Guess(structure, wire);
            if (!ParquetStructures.Fits(type, wire))
            {
                throw new InvalidDataException($"field {field} of {structure} has the type {wire}, expected {known ?? "what can be skipped"}.");
            }

            if (type == "bool")
            {
                Keep(path, field, wire == 1 ? 1 : 0);
            }
            else
            {
                ReadValue(type, path, field);
            }
        }
    }

    private void ReadValue(string type, string? path, int field)
    {
        switch (type)
        {
            case "byte":
                _stream.ReadByte();
                break;
            case "i16" or "i32":
                Keep(path, field, (int)Number(BytesOfInt32));
                break;
            case "i64":
                Keep(path, field, Number(BytesOfInt64));
                break;
            case "double":
                Skip(sizeof(double));
                break;
            case "binary":
                Skip(Length(Varint(BytesOfInt32)));
                break;
            case [.. string element, '[', ']']:
                ReadList(element);
                break;
            default:
                ReadStructure(type, path is null ? null : $"{path}{field}.");
                break;
        }
    }

    /// <summary>Each element takes at least a byte.</summary>
    private void ReadList(string element)
    {
        int header = _stream.ReadByte(), wire = header & 0xF;
        long count = Length(header >> 4 == 0xF ? Varint(BytesOfInt32) : (ulong)(header >> 4));
        element = element == "?" ? ParquetStructures.GuessElement(wire) : element;
        if (count > 0 && !ParquetStructures.Fits(element, wire))
        {
            throw new InvalidDataException($"a list has elements of the type {wire}, expected {(element.Length > 0 ? element : "what can be skipped")}.");
        }

        for (; count > 0; count--)
        {
            ReadValue(element, null, 0);
        }
    }

    private void Keep(string? path, int field, long number)
    {
        if (path is not null)
        {
            _numbers[$"{path}{field}"] = number;
        }
    }

    private long Length(ulong claimed) =>
        claimed <= (ulong)Left ? (long)claimed : throw new InvalidDataException($"a header claims a length of {claimed}, of which {Left} bytes are left.");

    private void Skip(long bytes) => _stream.Position += Length((ulong)bytes);

    private long Number(int mostBytes)
    {
        ulong zigzag = Varint(mostBytes);
        return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
    }

    private ulong Varint(int mostBytes)
    {
        ulong number = 0;
        for (int i = 0; i < mostBytes; i++)
        {
            int read = _stream.ReadByte();
            number |= (ulong)(read & 0x7F) << (7 * i);
            if (read < 0x80)
            {
                return mostBytes == BytesOfInt32 && number > uint.MaxValue ? throw new InvalidDataException($"a number of 32 bits is {number}.") : number;
            }
        }

        throw new InvalidDataException($"a number takes more than {mostBytes} bytes.");
    }
}
