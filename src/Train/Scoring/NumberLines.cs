using System.Text.Json;

namespace TinyLM;

/// <summary>A file of JSON arrays of numbers, one a line: token ids, or scores.</summary>
internal static class NumberLines
{
    /// <summary>Takes the number that a reader stands at; false where it is not of the kind.</summary>
    public delegate bool TryTake<T>(ref Utf8JsonReader json, out T value);

    /// <summary>The arrays, in their order; that of line n is number n - 1. In memory is a line at a time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tryTake">Takes a number.</param>
    /// <param name="expected">What a number should be, for messages: "a whole number from 0 to 256".</param>
    /// <exception cref="UserException">The file cannot be read, or a line is no array of such numbers; the message names line and place.</exception>
    public static IEnumerable<T[]> Read<T>(string path, TryTake<T> tryTake, string expected)
    {
        using FileStream stream = Open(path);
        var input = new TextInput(path, stream);
        while (TryReadLine(input, path, out ReadOnlyMemory<byte> line))
        {
            yield return Parse(line.Span, $"{path}: line {input.LineNumber}", tryTake, expected);
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception fault) when (FileFault.Is(fault) || fault is ArgumentException or NotSupportedException)
        {
            throw FileFault.Reading(path, fault);
        }
    }

    private static bool TryReadLine(TextInput input, string path, out ReadOnlyMemory<byte> line)
    {
        try
        {
            return input.TryReadLine(out line);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    private static T[] Parse<T>(ReadOnlySpan<byte> line, string place, TryTake<T> tryTake, string expected)
    {
        var values = new List<T>();
        try
        {
            var json = new Utf8JsonReader(line);
            if (!json.Read() || json.TokenType != JsonTokenType.StartArray)
            {
                throw new UserException($"{place} is no JSON array; expected one of numbers, such as [5, 17, 4].");
            }

            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                if (json.TokenType != JsonTokenType.Number || !tryTake(ref json, out T value))
                {
                    string seen = System.Text.Encoding.UTF8.GetString(line[(int)json.TokenStartIndex..(int)json.BytesConsumed]);
                    throw new UserException($"{place}: value {values.Count + 1} is {Shorten(seen)}, expected {expected}.");
                }

                values.Add(value);
            }

            // Reading on finds what does not belong behind the array.
            json.Read();
            return [.. values];
        }
        catch (JsonException fault)
        {
            throw new UserException($"{place} is no JSON array of numbers, after {values.Count} values: {fault.Message}", UserException.Mistake, fault);
        }
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
