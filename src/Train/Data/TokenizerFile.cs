using System.Text.Json;
using System.Text.Json.Nodes;

namespace TinyLM;

/// <summary>Tokenizers on disk: a small JSON object whose <c>type</c> names the kind.</summary>
public static class TokenizerFile
{
    /// <summary>The largest file that is read, in bytes (64 MiB).</summary>
    public const int LargestFile = 1 << 26;

    /// <summary>Reads a tokenizer from a file.</summary>
    /// <exception cref="UserException">The file cannot be read or is no tokenizer.</exception>
    public static ITokenizer Load(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Load(file, path);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    /// <summary>Reads a tokenizer from <paramref name="stream"/>; messages call it <paramref name="source"/>.</summary>
    /// <exception cref="UserException">What the stream holds is no tokenizer.</exception>
    public static ITokenizer Load(Stream stream, string source)
    {
        if (stream.CanSeek && stream.Length > LargestFile)
        {
            throw new UserException($"{source}: has {stream.Length} bytes, a tokenizer has at most {LargestFile}.");
        }

        try
        {
            return Parse(stream, source);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new UserException($"{source}: is not valid JSON, so no tokenizer: {fault.Message}", UserException.Mistake, fault);
        }
    }

    internal static void Write(Stream stream, JsonObject json)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteTo(writer);
    }

    internal static void CheckId(ITokenizer tokenizer, int id)
    {
        if ((uint)id >= (uint)tokenizer.VocabularySize)
        {
            throw new ArgumentOutOfRangeException(
                nameof(id), $"Tokenizer '{tokenizer.Name}': token id {id} is outside the vocabulary, expected 0 to "
                    + $"{tokenizer.VocabularySize - 1}.");
        }
    }

    private static ITokenizer Parse(Stream stream, string source)
    {
        var options = new JsonDocumentOptions { AllowDuplicateProperties = false };
        JsonObject json = JsonNode.Parse(stream, documentOptions: options) as JsonObject
            ?? throw new UserException($"{source}: is no JSON object; expected a tokenizer.");
        string? type = json["type"] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
        return type switch
        {
            ByteTokenizer.Kind => new ByteTokenizer(),
            CharacterTokenizer.Kind => CharacterTokenizer.FromJson(json, source),
            _ => throw new UserException(
                $"{source}: the tokenizer's type is {(type is null ? "missing" : $"'{type}'")}, expected '{ByteTokenizer.Kind}' or "
                + $"'{CharacterTokenizer.Kind}'."),
        };
    }
}
