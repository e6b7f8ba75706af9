using System.Text.Json.Nodes;

namespace TinyLM.Tests.Data;

/// <summary>Byte-pair tokenizers for tests, made once.</summary>
internal static class BytePairs
{
    private const string Text = "the cat and the hat and the bat sat on the mat; it's Zürich, naïve — 漢字 漢字 漢字 😀😀😀, 1234 1234\n\n  the end";

    private static readonly Lazy<BytePairTokenizer> OfGpt2 = new(BytePairTokenizer.Gpt2);
    private static readonly Lazy<BytePairTokenizer> OfText = new(() => BytePairTrainer.Train([Text], 300));

    public static BytePairTokenizer Gpt2 => OfGpt2.Value;

    public static BytePairTokenizer Learnt => OfText.Value;

    public static byte[] Saved(this ITokenizer tokenizer)
    {
        var file = new MemoryStream();
        tokenizer.Save(file);
        return file.ToArray();
    }

    /// <summary>The merges that its file holds, as bytes in hexadecimal.</summary>
    public static IEnumerable<string> Merges(this BytePairTokenizer tokenizer) =>
        JsonNode.Parse(tokenizer.Saved())!["model"]!["merges"]!.AsArray()
            .Select(merge => string.Join(' ', merge!.GetValue<string>().Split(' ').Select(token => Convert.ToHexString(ByteCharacters.Decode(token)!))));
}
