using System.Text.Json;

namespace TinyLM;

/// <summary>A value in a JSON file that a user may have made: what is not as expected is one line that names the file and the place.</summary>
/// <param name="Value">The value.</param>
/// <param name="Source">The file, for messages.</param>
/// <param name="Path">Where in it, such as <c>model.vocab</c>; empty for all of it.</param>
internal readonly record struct JsonPart(JsonElement Value, string Source, string Path)
{
    /// <summary>The member of this object, or null if it is absent or JSON's null.</summary>
    public JsonPart? Find(string name)
    {
        Check(JsonValueKind.Object, "an object");
        return Value.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null
            ? new JsonPart(member, Source, Path.Length > 0 ? $"{Path}.{name}" : name)
            : null;
    }

    /// <summary>The member of this object.</summary>
    public JsonPart Require(string name) =>
        Find(name) ?? throw new UserException($"{Source}: '{(Path.Length > 0 ? $"{Path}.{name}" : name)}' is missing.");

    /// <summary>The text of a member, or null if it is absent.</summary>
    public string? FindText(string name) => Find(name)?.Text();

    /// <summary>A member that is true or false; <paramref name="absent"/> where there is none.</summary>
    public bool FindTruth(string name, bool absent) => Find(name) is not { } part ? absent : part.Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw part.Fault($"is {part.Describe()}, expected true or false"),
    };

    public string Text()
    {
        Check(JsonValueKind.String, "text");
        return Read(Value, value => value.GetString()!);
    }

    public int Integer()
    {
        Check(JsonValueKind.Number, "a whole number");
        return Value.TryGetInt32(out int number) ? number : throw Fault($"is {Value.GetRawText()}, expected a whole number below 2³¹");
    }

    /// <summary>The members of this object in their order.</summary>
    public IEnumerable<(string Name, JsonPart Part)> Members()
    {
        Check(JsonValueKind.Object, "an object");
        foreach (JsonProperty member in Value.EnumerateObject())
        {
            string name = Read(member, value => value.Name);
            yield return (name, new JsonPart(member.Value, Source, $"{Path}.{Shown(name)}"));
        }
    }

    /// <summary>The items of this array.</summary>
    public IEnumerable<JsonPart> Items()
    {
        Check(JsonValueKind.Array, "an array");
        int index = 0;
        foreach (JsonElement item in Value.EnumerateArray())
        {
            yield return new JsonPart(item, Source, $"{Path}[{index++}]");
        }
    }

    /// <summary>One line: the file, the place and what is wrong with it.</summary>
    public UserException Fault(string what) => new($"{Source}: {(Path.Length > 0 ? $"'{Path}'" : "the file")} {what}.");

    /// <summary>A text from a file as a message shows it: in one line, and not all of it if it is long.</summary>
    public static string Shown(string text)
    {
        const int Most = 40;
        string shown = text.Length > Most ? $"{text[..Most]}…" : text;
        return string.Concat(shown.Select(character => char.IsControl(character) ? $"\\u{(int)character:x4}" : character.ToString()));
    }

    private void Check(JsonValueKind expected, string name)
    {
        if (Value.ValueKind != expected)
        {
            throw Fault($"is {Describe()}, expected {name}");
        }
    }

    private string Describe() => Value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        var kind => kind.ToString().ToLowerInvariant(),
    };

    private string Read<T>(T value, Func<T, string> read)
    {
        try
        {
            return read(value);
        }
        catch (InvalidOperationException)
        {
            throw Fault("holds half of a surrogate pair, which is no text");
        }
    }
}
