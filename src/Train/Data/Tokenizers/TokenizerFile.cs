using System.Text.Encodings.Web;
using System.Text.Json;

namespace TinyLM;

/// <summary>
/// Tokenizers on disk: a small JSON object whose <c>type</c> names the kind, or a Hugging Face <c>tokenizer.json</c>
/// (see <see cref="BytePairTokenizer"/>).
/// </summary>
public static class TokenizerFile
{
    /// <summary>The largest file that is read, in bytes (32 MiB).</summary>
    public const int LargestFile = 1 << 25;

    private const string HuggingFaceFile = "tokenizer.json";
    private const string VocabularyFile = "vocab.json";
    private const string MergesFile = "merges.txt";

    /// <summary>Reads a tokenizer from a file, or from a folder with a <c>tokenizer.json</c> or a <c>vocab.json</c> and <c>merges.txt</c>.</summary>
    /// <exception cref="UserException">The file cannot be read or is no tokenizer.</exception>
    public static ITokenizer Load(string path)
    {
        if (!Directory.Exists(path))
        {
            return Read(path, Load);
        }

        string whole = Path.Combine(path, HuggingFaceFile), vocabulary = Path.Combine(path, VocabularyFile), merges = Path.Combine(path, MergesFile);
        return File.Exists(whole) ? Read(whole, Load)
            : File.Exists(vocabulary) ? Read(vocabulary, (vocabularyStream, _) => Read(merges, (mergesStream, _) =>
                BytePairFile.Join(ReadBounded(vocabularyStream, vocabulary), vocabulary, ReadBounded(mergesStream, merges), merges)))
            : throw new UserException($"{path}: the folder has neither {HuggingFaceFile} nor {VocabularyFile} and {MergesFile}; expected a tokenizer.");
    }

    /// <summary>Reads a tokenizer from <paramref name="stream"/>; messages call it <paramref name="source"/>.</summary>
    /// <exception cref="UserException">What the stream holds is no tokenizer.</exception>
    public static ITokenizer Load(Stream stream, string source)
    {
        byte[] bytes = ReadBounded(stream, source);
        using JsonDocument document = Parse(bytes, source);
        var json = new JsonPart(document.RootElement, source, "");
        if (json.Value.ValueKind != JsonValueKind.Object)
        {
            throw json.Fault("is no JSON object, expected a tokenizer");
        }

        string? type = json.FindText("type");
        return type switch
        {
            ByteTokenizer.Kind => new ByteTokenizer(),
            CharacterTokenizer.Kind => CharacterTokenizer.FromJson(json),
            BytePairTokenizer.Gpt2Kind => BytePairTokenizer.Gpt2(),
            null when json.Find("model") is not null => BytePairFile.Read(json, bytes),
            _ => throw new UserException(
                $"{source}: the tokenizer's type is {(type is null ? "missing" : $"'{type}'")}, expected '{ByteTokenizer.Kind}', "
                + $"'{CharacterTokenizer.Kind}' or '{BytePairTokenizer.Gpt2Kind}', or a Hugging Face tokenizer with its 'model'."),
        };
    }

    internal static void WriteKind(Stream stream, string kind) => Write(stream, json => json.WriteString("type", kind));

    internal static void Write(Stream stream, Action<Utf8JsonWriter> write)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
    }

    internal static JsonDocument Parse(byte[] bytes, string source)
    {
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new UserException($"{source}: is not valid JSON, so no tokenizer: {fault.Message}", UserException.Mistake, fault);
        }
    }

    private static T Read<T>(string path, Func<Stream, string, T> read)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return read(file, path);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    private static byte[] ReadBounded(Stream stream, string source)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > LargestFile)
            {
                throw new UserException($"{source}: has more than {LargestFile} bytes, the most that a tokenizer has.");
            }
        }

        return bytes.ToArray();
    }
}
