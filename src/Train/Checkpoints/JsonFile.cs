using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TinyLM;

/// <summary>Reads the small JSON files of a run.</summary>
internal static class JsonFile
{
    /// <summary>The largest file that is read, in bytes (1 MiB).</summary>
    public const int LargestFile = 1 << 20;

    /// <summary>The value that a whole file holds: of every field, for one that is absent would be read as 0 and not as its default.</summary>
    /// <exception cref="UserException">The file is too large, no JSON, of another kind, or lacks a field.</exception>
    public static T Read<T>(Stream stream, string path, JsonTypeInfo<T> type, long largestFile = LargestFile)
    {
        if (stream.Length > largestFile)
        {
            throw new UserException($"{path}: has {stream.Length} bytes, a {type.Type.Name} has at most {largestFile}.");
        }

        try
        {
            return JsonSerializer.Deserialize(stream, RequiringAll(type)) ?? throw new JsonException("it is null");
        }
        catch (JsonException fault)
        {
            throw new UserException($"{path}: is not a valid {type.Type.Name}: {fault.Message}", UserException.Mistake, fault);
        }
    }

    private static JsonTypeInfo<T> RequiringAll<T>(JsonTypeInfo<T> type)
    {
        IJsonTypeInfoResolver resolver = type.Options.TypeInfoResolver!.WithAddedModifier(static info =>
        {
            foreach (JsonPropertyInfo property in info.Properties.Where(property => property.Set is not null || property.AssociatedParameter is not null))
            {
                property.IsRequired = true;
            }
        });
        return (JsonTypeInfo<T>)new JsonSerializerOptions(type.Options) { TypeInfoResolver = resolver }.GetTypeInfo(typeof(T));
    }
}
