using System.Text;
using System.Text.Json;

namespace TinyLM;

/// <summary>JSON lines: a line is an object, of which one field is the document. Blank lines and empty texts are left out.</summary>
/// <param name="fieldName">The field's name.</param>
internal sealed class JsonLinesFormat(string fieldName) : DocumentFormat
{
    private const int NamesInMessage = 8;

    private readonly byte[] _field = Encoding.UTF8.GetBytes(fieldName);

    public override string Identity => $"jsonl {fieldName}";

    public override IReadOnlyList<string> Patterns => AlsoPacked("*.jsonl", "*.ndjson", "*.json");

    public override IEnumerable<Document> Read(InputFile file)
    {
        var input = new TextInput(file.Path, file.Content());
        while (input.TryReadLine(out ReadOnlyMemory<byte> line))
        {
            if (line.Span.ContainsAnyExcept(" \t"u8))
            {
                yield return new Document($"{file.Name}:{input.LineNumber}", TextOf(line.Span, $"{file.Path}: line {input.LineNumber}"));
            }
        }
    }

    private string TextOf(ReadOnlySpan<byte> line, string place)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                throw new UserException($"{place} is no JSON object; expected {{\"{fieldName}\": \"…\"}}.");
            }

            string? text = null;
            var names = new List<string>();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                bool isField = json.ValueTextEquals(_field);
                if (names.Count < NamesInMessage && text is null)
                {
                    names.Add(json.GetString()!);
                }

                json.Read();
                if (isField)
                {
                    text = text is null ? Value(ref json, place) : throw new UserException($"{place} has the field '{fieldName}' twice.");
                }

                json.Skip();
            }

            // Reading on finds what does not belong behind the object.
            json.Read();
            return text ?? throw new UserException(
                $"{place} has no field '{fieldName}'{(names.Count == 0 ? "" : $", only {string.Join(", ", names)}")}; name the one that holds the text.");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new UserException($"{place} is not valid JSON: {fault.Message}", UserException.Mistake, fault);
        }
    }

    private string Value(ref Utf8JsonReader json, string place) => json.TokenType switch
    {
        JsonTokenType.String => json.GetString()!,
        JsonTokenType.Null => "",
        _ => throw new UserException($"{place}: the field '{fieldName}' is no text but {json.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "a list",
            JsonTokenType.Number => "a number",
            _ => "true or false",
        }}."),
    };
}
