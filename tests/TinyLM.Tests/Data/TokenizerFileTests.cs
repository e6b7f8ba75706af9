using System.Text;
using System.Text.Json.Nodes;

namespace TinyLM.Tests.Data;

/// <summary>A malformed tokenizer file costs one line, and memory in proportion to the file.</summary>
public class TokenizerFileTests
{
    [TestCase("", "not valid JSON")]
    [TestCase("[]", "no JSON object")]
    [TestCase("{}", "type is missing")]
    [TestCase("{\"type\":7}", "'type' is a number, expected text")]
    [TestCase("{\"type\":\"bpe\"}", "type is 'bpe'")]
    [TestCase("{\"type\":\"bytes\",\"type\":\"bytes\"}", "not valid JSON")]
    [TestCase("{\"type\":\"characters\"}", "'characters' is missing")]
    [TestCase("{\"type\":\"characters\",\"characters\":\"\"}", "'characters' is empty")]
    [TestCase("{\"type\":\"characters\",\"characters\":\"\\uD83D\"}", "half of a surrogate pair")]
    [TestCase("{\"type\":\"characters\",\"characters\":\"ba\"}", "'a' (U+0061) after 'b'")]
    [TestCase("{\"type\":\"characters\",\"characters\":\"aa\"}", "rising code points")]
    [TestCase("{\"model\":[]}", "'model' is an array, expected an object")]
    [TestCase("{\"model\":{}}", "'model.vocab' is missing")]
    public void A_malformed_file_costs_one_line(string json, string expected) => Refused(Encoding.UTF8.GetBytes(json), "tokenizer.json", expected);

    private static IEnumerable<TestCaseData> Malformed()
    {
        yield return Case("a model of words", "'model.type' is 'WordPiece', expected 'BPE'", json => json["model"]!["type"] = "WordPiece");
        yield return Case("a normalizer", "'normalizer' alters text", json => json["normalizer"] = new JsonObject { ["type"] = "NFC" });
        yield return Case("byte fallback", "'model.byte_fallback' is true", json => json["model"]!["byte_fallback"] = true);
        yield return Case("a suffix", "'model.end_of_word_suffix' is not empty", json => json["model"]!["end_of_word_suffix"] = "</w>");
        yield return Case("a truth that is none", "'model.ignore_merges' is text, expected true or false", json => json["model"]!["ignore_merges"] = "yes");
        yield return Case("a vocabulary that is a list", "'model.vocab' is an array, expected an object", json => json["model"]!["vocab"] = new JsonArray());
        yield return Case("an empty vocabulary", "'<|endoftext|>' the id 260, which leaves a hole; expected 0 to 0", json => json["model"]!["vocab"] = new JsonObject());
        yield return Case("an id that is text", "'model.vocab.ab' is text, expected a whole number", json => json["model"]!["vocab"]!["ab"] = "256");
        yield return Case("an id that is a fraction", "'model.vocab.ab' is 2.5, expected a whole number", json => json["model"]!["vocab"]!["ab"] = 2.5);
        yield return Case("a huge id", "'ab' the id 2000000000, which leaves a hole; expected 0 to 260", json => json["model"]!["vocab"]!["ab"] = 2_000_000_000);
        yield return Case("an id beyond 32 bits", "is 99999999999, expected a whole number below", json => json["model"]!["vocab"]!["ab"] = 99_999_999_999);
        yield return Case("an id below 0", "'ab' the id -1", json => json["model"]!["vocab"]!["ab"] = -1);
        yield return Case("two tokens of one id", "'ab' the id 5, which another token has", json => json["model"]!["vocab"]!["ab"] = 5);
        yield return Case("a byte without a token", "no token for some byte", json =>
        {
            JsonObject vocabulary = json["model"]!["vocab"]!.AsObject();
            vocabulary.Remove("ÿ");
            vocabulary["ababab"] = 255;
        });
        yield return Case("a token that is no bytes", "'漢字', which is not written as bytes", json =>
        {
            json["model"]!["vocab"]!["漢字"] = 261;
        });
        yield return Case("a name of many lines", "has the token 'x\\u000ay\\u000ay", json => json["model"]!["vocab"]!["x" + string.Concat(Enumerable.Repeat("\ny", 1000))] = 261);
        yield return Case("a merge of an unknown token", "merges[0]' needs the token 'zz'", json => json["model"]!["merges"]![0] = "zz a");
        yield return Case("a merge without its product", "merges[0]' needs the token 'ba'", json => json["model"]!["merges"]![0] = "b a");
        yield return Case("a merge of three", "merges[0]' has 3 parts", json => json["model"]!["merges"]![0] = "a b c");
        yield return Case("a merge that is a number", "merges[0]' is a number, expected text", json => json["model"]!["merges"]![0] = 7);
        yield return Case("no merges", "'model.merges' is missing", json => json["model"]!.AsObject().Remove("merges"));
        yield return Case("merges in disorder and ignored", "'model.ignore_merges' is true, which needs", json =>
        {
            json["model"]!["ignore_merges"] = true;
            json["model"]!["merges"] = JsonNode.Parse("""["1 1","a b"]""");
        });
        yield return Case("an added token of another id", "but the added tokens say 260", json => json["model"]!["vocab"]!["<|endoftext|>"] = 3);
        yield return Case("an added token without text", "'added_tokens[0].content' is missing", json => json["added_tokens"]![0]!.AsObject().Remove("content"));
        yield return Case("an added token that strips", "strips white space", json => (json["added_tokens"]![0]!["special"], json["added_tokens"]![0]!["lstrip"]) = (false, true));
        yield return Case("no words", "'pre_tokenizer' is missing", json => json["pre_tokenizer"] = null);
        yield return Case("a space in front", "puts a space in front", json => json["pre_tokenizer"]!["add_prefix_space"] = true);
        yield return Case("no bytes", "no step 'ByteLevel'", json => json["pre_tokenizer"] = HuggingFace.Split("a"));
        yield return Case("other words", "is of type 'Metaspace'", json => json["pre_tokenizer"]!["type"] = "Metaspace");
        yield return Case("a pattern that is none", "no regular expression that .NET knows", json => json["pre_tokenizer"] = HuggingFace.Split("(a"));
        yield return Case("a split that merges", "has the behavior 'MergedWithNext'", json => (json["pre_tokenizer"] = HuggingFace.Split("a"))["behavior"] = "MergedWithNext");
        yield return Case("an unknown beginning", "puts '<s>' in front, which is not in the vocabulary", json =>
            json["post_processor"] = JsonNode.Parse("""{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}]}"""));

        static TestCaseData Case(string name, string expected, Action<JsonObject> change)
        {
            JsonObject json = HuggingFace.Create();
            change(json);
            return new TestCaseData(Encoding.UTF8.GetBytes(json.ToJsonString()), expected).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Malformed))]
    public void A_malformed_Hugging_Face_file_costs_one_line(byte[] json, string expected) => Refused(json, "tokenizer.json", expected);

    [Test]
    public void A_file_cut_anywhere_costs_one_line()
    {
        byte[] whole = BytePairs.Learnt.Saved();
        for (int length = 0; length < whole.Length - 1; length += 97)
        {
            Refused(whole[..length], "not valid JSON");
        }
    }

    [Test]
    public void Merges_of_a_file_are_named_by_their_line()
    {
        using var folder = new TemporaryFolder();
        string vocabulary = folder.Write("vocab.json", HuggingFace.Create()["model"]!["vocab"]!.ToJsonString());
        folder.Write("merges.txt", "#version: 0.2\na b\na b c\n");
        UserErrors.ExpectMistake(() => TokenizerFile.Load(Path.GetDirectoryName(vocabulary)!), "merges.txt: line 3 is 'a b c', expected two tokens");
        File.Delete(folder.File("merges.txt"));
        UserErrors.ExpectMistake(() => TokenizerFile.Load(Path.GetDirectoryName(vocabulary)!), "merges.txt", "no such file");
        File.Delete(vocabulary);
        UserErrors.ExpectMistake(() => TokenizerFile.Load(Path.GetDirectoryName(vocabulary)!), "neither tokenizer.json nor vocab.json");
    }

    [Test]
    public void A_file_that_is_too_large_is_not_read_to_its_end()
    {
        using var endless = new Endless();
        UserErrors.ExpectMistake(() => TokenizerFile.Load(endless, "tokenizer.json"), $"more than {TokenizerFile.LargestFile} bytes");
        Assert.That(endless.Given, Is.LessThan(TokenizerFile.LargestFile + (1 << 20)));
    }

    [Test]
    public void A_missing_file_costs_one_line() => UserErrors.ExpectMistake(() => TokenizerFile.Load("/absent/tokenizer.json"), "no such file");

    private static void Refused(byte[] json, params string[] parts)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        UserErrors.ExpectMistake(() => TokenizerFile.Load(new MemoryStream(json), "tokenizer.json"), parts);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan((10 << 20) + 100L * json.Length), "memory");
    }

    /// <summary>Spaces without end.</summary>
    private sealed class Endless : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)' ');
            Given += count;
            return count;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
