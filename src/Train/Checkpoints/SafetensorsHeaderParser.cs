using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace TinyLM;

/// <summary>
/// Reads a safetensors header and believes nothing: names are unique, ranges follow one another without gap or overlap and end where the
/// file does, each range is as long as type and shape say. Memory stays in proportion to the header's own length.
/// </summary>
internal ref struct SafetensorsHeaderParser
{
    private const int MostTensors = 20_000;
    private const int MostDimensions = 16;

    private readonly string _source;
    private readonly List<SafetensorsEntry> _entries = [];
    private readonly Dictionary<string, string> _metadata = [];
    private readonly List<long> _numbers = [];
    private Utf8JsonReader _json;

    private SafetensorsHeaderParser(ReadOnlySpan<byte> header, string source)
    {
        _json = new Utf8JsonReader(header);
        _source = source;
    }

    /// <param name="header">The header's bytes.</param>
    /// <param name="dataLength">How many bytes the file has after the header.</param>
    /// <param name="source">The file's name, for messages.</param>
    /// <exception cref="UserException">The header is not a valid one for such a file.</exception>
    public static (IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata) Parse(
        ReadOnlySpan<byte> header, long dataLength, string source)
    {
        if (!Utf8.IsValid(header))
        {
            throw Refuse(source, "the header is not UTF-8");
        }

        if (header.Length == 0 || header[0] != '{')
        {
            throw Refuse(source, header.Length == 0 ? "the header is empty" : "the header does not begin with '{'");
        }

        var parser = new SafetensorsHeaderParser(header, source);
        try
        {
            parser.ReadObject();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new UserException($"{source}: the header is not valid JSON: {fault.Message}", UserException.Mistake, fault);
        }

        parser.CheckRanges(dataLength);
        return (parser._entries, parser._metadata);
    }

    private void ReadObject()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        _json.Read();
        while (NextKey(out string name))
        {
            if (!names.Add(name))
            {
                throw Refuse($"'{Shorten(name)}' appears twice in the header");
            }

            if (name == SafetensorsHeader.MetadataKey)
            {
                ReadMetadata();
            }
            else if (_entries.Count < MostTensors)
            {
                _entries.Add(ReadEntry(name));
            }
            else
            {
                throw Refuse($"the header lists more than {MostTensors} tensors");
            }
        }

        // Only white space may follow; anything else is no JSON and throws.
        _json.Read();
    }

    private void ReadMetadata()
    {
        Expect(JsonTokenType.StartObject, SafetensorsHeader.MetadataKey, "an object of strings");
        while (NextKey(out string key))
        {
            Expect(JsonTokenType.String, SafetensorsHeader.MetadataKey, "an object of strings");
            if (!_metadata.TryAdd(key, _json.GetString()!))
            {
                throw Refuse($"the metadata has '{Shorten(key)}' twice");
            }
        }
    }

    private SafetensorsEntry ReadEntry(string name)
    {
        string? typeName = null;
        long[]? shape = null, range = null;
        Expect(JsonTokenType.StartObject, name, "an object with dtype, shape and data_offsets");
        while (NextKey(out string key))
        {
            switch (key)
            {
                case "dtype" when typeName is null:
                    Expect(JsonTokenType.String, name, "a dtype that is a string");
                    typeName = _json.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(name, MostDimensions);
                    break;
                case "data_offsets" when range is null:
                    range = ReadNumbers(name, 2);
                    break;
                default:
                    throw Refuse(
                        $"tensor '{Shorten(name)}' has the key '{Shorten(key)}' "
                        + $"{(key is "dtype" or "shape" or "data_offsets" ? "twice" : "that no tensor has")}");
            }
        }

        if (typeName is null || shape is null || range is not { Length: 2 })
        {
            throw Refuse($"tensor '{Shorten(name)}' lacks dtype, shape or two data_offsets");
        }

        if (!SafetensorsHeader.TryParseType(typeName, out SafetensorsType type))
        {
            throw Refuse($"tensor '{Shorten(name)}' has the unknown type '{Shorten(typeName)}', expected one of "
                + $"{string.Join(", ", SafetensorsHeader.TypeNames)}");
        }

        if (!SafetensorsHeader.TryCountBytes(type, shape, out long bytes))
        {
            throw Refuse($"tensor '{Shorten(name)}' has the shape {SafetensorsHeader.Describe(shape)}, more than 64 bits can count");
        }

        return range[0] <= range[1] && range[1] - range[0] == bytes
            ? new SafetensorsEntry(name, type, shape, range[0], range[1])
            : throw Refuse(
                $"tensor '{Shorten(name)}' lies at {range[0]} to {range[1]}, but {typeName} {SafetensorsHeader.Describe(shape)} takes "
                + $"{bytes} bytes");
    }

    private readonly void CheckRanges(long dataLength)
    {
        SafetensorsEntry[] sorted = [.. _entries.OrderBy(entry => entry.Start).ThenBy(entry => entry.End)];
        long end = 0;
        foreach (SafetensorsEntry entry in sorted)
        {
            if (entry.Start != end)
            {
                throw Refuse(
                    $"tensor '{Shorten(entry.Name)}' begins at {entry.Start}, expected {end}: tensors may neither overlap nor leave a "
                    + "hole");
            }

            end = entry.End;
            if (end > dataLength)
            {
                throw Refuse($"tensor '{Shorten(entry.Name)}' ends at {end}, but only {dataLength} bytes follow the header; the file "
                    + "is truncated");
            }
        }

        if (end != dataLength)
        {
            throw Refuse($"{dataLength - end} bytes follow the last tensor");
        }
    }

    private bool NextKey(out string name)
    {
        _json.Read();
        bool isKey = _json.TokenType == JsonTokenType.PropertyName;
        name = isKey ? _json.GetString()! : "";
        return isKey;
    }

    private long[] ReadNumbers(string name, int most)
    {
        Expect(JsonTokenType.StartArray, name, "a list of whole numbers");
        _numbers.Clear();
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out long number) || number < 0)
            {
                throw Refuse($"tensor '{Shorten(name)}' has a shape or offset that is no whole number from 0 to 2⁶³ - 1");
            }

            if (_numbers.Count == most)
            {
                throw Refuse($"tensor '{Shorten(name)}' has a list of more than {most} numbers");
            }

            _numbers.Add(number);
        }

        return [.. _numbers];
    }

    private void Expect(JsonTokenType type, string name, string expected)
    {
        _json.Read();
        if (_json.TokenType != type)
        {
            throw Refuse($"'{Shorten(name)}' is not as it should be in the header, expected {expected}");
        }
    }

    private readonly UserException Refuse(string what) => Refuse(_source, what);

    private static UserException Refuse(string source, string what) => new($"{source}: not a valid safetensors file: {what}.");

    /// <summary>A name from a file that may be hostile: no longer than a line, no control characters.</summary>
    private static string Shorten(string name)
    {
        var text = new StringBuilder();
        foreach (char character in name.AsSpan(0, Math.Min(name.Length, 80)))
        {
            text.Append(char.IsControl(character) ? '?' : character);
        }

        return name.Length <= 80 ? text.ToString() : text.Append('…').ToString();
    }
}
