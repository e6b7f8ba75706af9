using System.Text;
using System.Text.Json;

namespace TinyLM;

internal static partial class BytePairFile
{
    /// <summary>A tokenizer of the older two files, cut into words by GPT-2's pattern: a token's id each, and a merge a line.</summary>
    /// <exception cref="UserException">One of them is malformed.</exception>
    public static BytePairTokenizer Join(byte[] vocabulary, string vocabularySource, byte[] merges, string mergesSource)
    {
        using JsonDocument document = TokenizerFile.Parse(vocabulary, vocabularySource);
        var json = new JsonPart(document.RootElement, vocabularySource, "");
        List<(string, int)> tokens = [.. json.Members().Select(member => (member.Name, member.Part.Integer()))];
        string[] lines = [.. Encoding.UTF8.GetString(merges).Split('\n').Select(line => line.TrimEnd('\r'))];
        var pairs = new List<string>();
        for (int number = lines[0].StartsWith("#version", StringComparison.Ordinal) ? 1 : 0; number < lines.Length; number++)
        {
            if (lines[number].Count(character => character == ' ') == 1)
            {
                pairs.Add(lines[number]);
            }
            else if (lines[number].Length > 0)
            {
                throw new UserException($"{mergesSource}: line {number + 1} is '{JsonPart.Shown(lines[number])}', expected two tokens with a space between them.");
            }
        }

        return Create(tokens, pairs, special: null, mergesSource);
    }

    /// <summary>A tokenizer of these tokens and merges, cut into words by GPT-2's pattern.</summary>
    /// <param name="tokens">Tokens and their ids.</param>
    /// <param name="merges">Two tokens each, with a space between them; the first is merged first.</param>
    /// <param name="special">Which of the tokens never stands for text.</param>
    /// <param name="source">Where they come from, for messages.</param>
    public static BytePairTokenizer Create(IEnumerable<(string Token, int Id)> tokens, IEnumerable<string> merges, (string Token, int Id)? special, string source)
    {
        using var file = new MemoryStream();
        TokenizerFile.Write(file, json => Write(json, tokens, merges, special));
        byte[] bytes = file.ToArray();
        using JsonDocument document = TokenizerFile.Parse(bytes, source);
        return Read(new JsonPart(document.RootElement, source, ""), bytes);
    }

    private static void Write(Utf8JsonWriter json, IEnumerable<(string Token, int Id)> tokens, IEnumerable<string> merges, (string Token, int Id)? special)
    {
        json.WriteString("version", "1.0");
        json.WriteStartArray("added_tokens");
        if (special is var (content, id))
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", content);
            foreach (string option in (string[])["single_word", "lstrip", "rstrip", "normalized"])
            {
                json.WriteBoolean(option, false);
            }

            json.WriteBoolean("special", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("normalizer");
        foreach (string step in (string[])["pre_tokenizer", "decoder"])
        {
            json.WriteStartObject(step);
            json.WriteString("type", "ByteLevel");
            json.WriteBoolean("add_prefix_space", false);
            json.WriteBoolean("trim_offsets", true);
            json.WriteBoolean("use_regex", true);
            json.WriteEndObject();
        }

        json.WriteNull("post_processor");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteStartObject("vocab");
        foreach (var (token, tokenId) in tokens)
        {
            json.WriteNumber(token, tokenId);
        }

        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (string merge in merges)
        {
            json.WriteStringValue(merge);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
