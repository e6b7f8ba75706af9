using System.Text;
using System.Text.Json;

namespace TinyLM;

/// <summary>The JSON header of a safetensors file; <see cref="SafetensorsHeaderParser"/> reads it.</summary>
internal static class SafetensorsHeader
{
    public const string MetadataKey = "__metadata__";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly Dictionary<string, SafetensorsType> Types = Enum.GetValues<SafetensorsType>().ToDictionary(NameOf);

    public static IEnumerable<string> TypeNames => Types.Keys;

    public static bool TryParseType(string name, out SafetensorsType type) => Types.TryGetValue(name, out type);

    /// <summary>The type's name in the file.</summary>
    public static string NameOf(SafetensorsType type) => type == SafetensorsType.Bool ? "BOOL" : type.ToString();

    public static string Describe(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    /// <summary>Bytes of a tensor; false if a size is negative or the product is more than 64 bits hold.</summary>
    public static bool TryCountBytes(SafetensorsType type, IReadOnlyList<long> shape, out long bytes)
    {
        bytes = SafetensorsEntry.SizeOf(type);
        foreach (long size in shape)
        {
            if (size < 0 || Math.BigMul(bytes, size) > long.MaxValue)
            {
                return false;
            }

            bytes *= size;
        }

        return true;
    }

    /// <summary>Half of a surrogate pair would be written as U+FFFD, and a reader would find another name.</summary>
    /// <exception cref="ArgumentException">UTF-8 cannot hold the text.</exception>
    public static void CheckText(string text)
    {
        try
        {
            Strict.GetByteCount(text);
        }
        catch (EncoderFallbackException fault)
        {
            throw new ArgumentException(
                $"Safetensors: character {fault.Index} of '{text}' is half of a surrogate pair (U+{(int)text[fault.Index]:X4}), which UTF-8 cannot hold.", fault);
        }
    }

    public static void Write(Utf8JsonWriter json, IReadOnlyList<SafetensorsEntry> entries, IDictionary<string, string> metadata)
    {
        json.WriteStartObject();
        if (metadata.Count > 0)
        {
            json.WriteStartObject(MetadataKey);
            foreach (var (key, value) in metadata)
            {
                CheckText(key);
                CheckText(value);
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        foreach (SafetensorsEntry entry in entries)
        {
            json.WriteStartObject(entry.Name);
            json.WriteString("dtype", NameOf(entry.Type));
            WriteNumbers(json, "shape", entry.Shape);
            WriteNumbers(json, "data_offsets", [entry.Start, entry.End]);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
