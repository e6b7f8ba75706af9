using System.Text;
using System.Text.Json.Nodes;

namespace TinyLM.Tests.Data;

/// <summary>A small <c>tokenizer.json</c> as Hugging Face writes them, to be changed by a test.</summary>
internal static class HuggingFace
{
    /// <summary>The bytes, then 256 "ab", 257 "abc", 258 "11", 259 " ab"; 260 is the end of text.</summary>
    public static JsonObject Create()
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++)
        {
            vocabulary[ByteCharacters.Encode([(byte)value])] = value;
        }

        (vocabulary["ab"], vocabulary["abc"], vocabulary["11"], vocabulary["Ġab"]) = (256, 257, 258, 259);
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["added_tokens"] = JsonNode.Parse("""[{"id":260,"content":"<|endoftext|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}]"""),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(usesRegex: true),
            ["post_processor"] = null,
            ["model"] = new JsonObject { ["type"] = "BPE", ["unk_token"] = null, ["vocab"] = vocabulary, ["merges"] = JsonNode.Parse("""["a b",["ab","c"],"1 1","Ġ ab"]""") },
        };
    }

    public static JsonObject ByteLevel(bool usesRegex) => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = usesRegex };

    public static JsonObject Split(string pattern) =>
        new() { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false };

    public static JsonObject Sequence(params JsonNode[] steps) => new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(steps) };

    /// <summary>Reads the file after a change.</summary>
    public static ITokenizer Load(Action<JsonObject> change)
    {
        JsonObject json = Create();
        change(json);
        return TokenizerFile.Load(new MemoryStream(Encoding.UTF8.GetBytes(json.ToJsonString())), "tokenizer.json");
    }
}
