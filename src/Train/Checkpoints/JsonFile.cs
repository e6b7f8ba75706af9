using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TinyLM;

/// <summary>Reads the small JSON files of a run.</summary>
internal static class JsonFile
{
    /// <summary>The largest file that is read, in bytes (1 MiB).</summary>
    public const int LargestFile = 1 << 20;

    /// <summary>The value that a whole file holds.</summary>
    /// <exception cref="UserException">The file is too large, no JSON, or of another kind.</exception>
    public static T Read<T>(Stream stream, string path, JsonTypeInfo<T> type)
    {
        if (stream.Length > LargestFile)
        {
            throw new UserException($"{path}: has {stream.Length} bytes, a {type.Type.Name} has at most {LargestFile}.");
        }

        try
        {
            return JsonSerializer.Deserialize(stream, type) ?? throw new JsonException("it is null");
        }
        catch (JsonException fault)
        {
            throw new UserException($"{path}: is not a valid {type.Type.Name}: {fault.Message}", UserException.Mistake, fault);
        }
    }
}
