using System.Text;
using System.Text.Json.Nodes;

namespace TinyLM.Tests.Data;

public class BytePairTests
{
    [Test]
    public void The_ids_of_GPT2_are_those_that_are_published()
    {
        BytePairTokenizer tokenizer = BytePairs.Gpt2;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tokenizer.VocabularySize, Is.EqualTo(50257));
            Assert.That(tokenizer.BosId, Is.EqualTo(50256));
            Assert.That(tokenizer.Encode("Hello world"), Is.EqualTo(new[] { 15496, 995 }));
            Assert.That(tokenizer.Encode("hello, I'm 18"), Is.EqualTo(new[] { 31373, 11, 314, 1101, 1248 }));
            Assert.That(tokenizer.ByteCount(995), Is.EqualTo(" world".Length));
        }
    }

    [Test]
    public void A_text_that_names_a_special_token_is_text()
    {
        foreach (BytePairTokenizer tokenizer in (BytePairTokenizer[])[BytePairs.Gpt2, BytePairs.Learnt])
        {
            int[] ids = tokenizer.Encode("a<|endoftext|>b");
            Assert.That(ids, Has.None.EqualTo(tokenizer.BosId));
            Assert.That(tokenizer.Decode(ids), Is.EqualTo("a<|endoftext|>b"));
        }
    }

    [Test]
    public void The_same_text_gives_the_same_vocabulary_whatever_the_order_of_the_documents()
    {
        string[] texts = [.. Enumerable.Range(0, 50).Select(i => $"document {i * 7 % 50} says {i % 3} things, and these {i % 5} times")];
        byte[] once = BytePairTrainer.Train(texts, 320).Saved();
        Assert.That(BytePairTrainer.Train(texts.Reverse(), 320).Saved(), Is.EqualTo(once));
        Assert.That(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(once))[..16], Is.EqualTo("1ec6102cf2224c24"), "on every machine");
    }

    [Test]
    public void A_text_with_few_pairs_makes_a_small_vocabulary()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(BytePairTrainer.Train(["ab ab"], 4096).VocabularySize, Is.EqualTo(258));
            Assert.That(BytePairTrainer.Train([], 4096).VocabularySize, Is.EqualTo(257));
            UserErrors.ExpectMistake(() => BytePairTrainer.Train(["ab"], 256), "a vocabulary of 256, expected at least 257");
        }
    }

    [Test]
    public void A_word_of_any_length_is_encoded()
    {
        string text = string.Concat(Enumerable.Range(0, 30_000).Select(i => (char)('a' + i * i % 7))) + string.Concat(Enumerable.Repeat("😀", 5_000));
        Assert.That(BytePairs.Gpt2.Decode(BytePairs.Gpt2.Encode(text)), Is.EqualTo(text));
    }

    [Test]
    public void Two_files_give_the_same_tokenizer_as_one()
    {
        using var folder = new TemporaryFolder();
        JsonNode model = JsonNode.Parse(BytePairs.Learnt.Saved())!["model"]!;
        folder.Write("vocab.json", model["vocab"]!.ToJsonString());
        string merges = folder.Write("merges.txt", "#version: 0.2\n" + string.Concat(model["merges"]!.AsArray().Select(merge => $"{merge!.GetValue<string>()}\n")));
        ITokenizer two = TokenizerFile.Load(Path.GetDirectoryName(merges)!);
        folder.Write("tokenizer.json", Encoding.UTF8.GetString(BytePairs.Learnt.Saved()));
        ITokenizer one = TokenizerFile.Load(Path.GetDirectoryName(merges)!);
        foreach (string text in (string[])["the cat and the hat", "# version", "漢字 😀"])
        {
            Assert.That(two.Encode(text), Is.EqualTo(BytePairs.Learnt.Encode(text)));
            Assert.That(one.Encode(text), Is.EqualTo(BytePairs.Learnt.Encode(text)));
        }

        Assert.That(two.BosId, Is.EqualTo(BytePairs.Learnt.BosId));
        Assert.That(TokenizerFile.Load(new MemoryStream(two.Saved()), "saved").Encode("the hat"), Is.EqualTo(two.Encode("the hat")));
    }

    [Test]
    public void A_file_in_the_style_of_Llama_3_is_read()
    {
        // Whole words first, its own pattern, BOS from the post-processor.
        ITokenizer tokenizer = HuggingFace.Load(json =>
        {
            json["pre_tokenizer"] = HuggingFace.Sequence(HuggingFace.Split(@"\p{N}{1,3}|\p{L}+|\s+|[^\s\p{L}\p{N}]+"), HuggingFace.ByteLevel(usesRegex: false));
            json["model"]!["ignore_merges"] = true;
            json["post_processor"] = JsonNode.Parse("""
                {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|start|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}]}
                """);
            json["added_tokens"]!.AsArray().Add(JsonNode.Parse("""{"id":261,"content":"<|start|>","special":true}"""));
        });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tokenizer.BosId, Is.EqualTo(261));
            Assert.That(tokenizer.VocabularySize, Is.EqualTo(262));
            Assert.That(tokenizer.Encode("ab abc12345"), Is.EqualTo(new[] { 256, ' ', 257, '1', '2', '3', '4', '5' }));
        }
    }

    [Test]
    public void A_file_in_the_style_of_SmolLM_cuts_digits_apart()
    {
        ITokenizer tokenizer = HuggingFace.Load(json =>
        {
            json["pre_tokenizer"] = HuggingFace.Sequence(JsonNode.Parse("""{"type":"Digits","individual_digits":true}""")!, HuggingFace.ByteLevel(usesRegex: true));
        });
        Assert.That(tokenizer.Encode("11 ab"), Is.EqualTo(new[] { '1', '1', 259 }), "'11' is a token, but digits stand alone");
        Assert.That(HuggingFace.Load(_ => { }).Encode("11 ab"), Is.EqualTo(new[] { 258, 259 }));
    }

    [Test]
    public void Ids_need_not_follow_the_order_of_the_merges()
    {
        // As in OPT: special tokens first, the rest by frequency.
        ITokenizer tokenizer = HuggingFace.Load(json =>
        {
            JsonObject vocabulary = json["model"]!["vocab"]!.AsObject();
            foreach (var (token, id) in vocabulary.ToArray())
            {
                vocabulary[token] = 259 - id!.GetValue<int>() + 1;
            }

            json["added_tokens"] = JsonNode.Parse("""[{"id":0,"content":"<s>","special":true}]""");
        });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tokenizer.BosId, Is.Zero);
            Assert.That(tokenizer.Encode("abc ab"), Is.EqualTo(new[] { 260 - 257, 260 - 259 }));
            Assert.That(tokenizer.Decode(tokenizer.Encode("abc, ü")), Is.EqualTo("abc, ü"));
        }
    }

    [Test]
    public void Added_tokens_that_are_not_special_are_found_in_text()
    {
        ITokenizer tokenizer = HuggingFace.Load(json => json["added_tokens"]!.AsArray().Add(JsonNode.Parse("""{"id":261,"content":"<tool>","special":false}""")));
        int[] ids = tokenizer.Encode("ab<tool>ab <tool");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ids, Is.EqualTo(new[] { 256, 261, 256, ' ', '<', 't', 'o', 'o', 'l' }));
            Assert.That(tokenizer.Decode(ids), Is.EqualTo("ab<tool>ab <tool"));
        }
    }

    [Test]
    public void A_vocabulary_without_a_beginning_gets_one()
    {
        ITokenizer tokenizer = HuggingFace.Load(json => json["added_tokens"] = new JsonArray());
        Assert.That((tokenizer.BosId, tokenizer.VocabularySize), Is.EqualTo((260, 261)));
    }

    [Test]
    public void A_pattern_that_cuts_within_a_character_does_not_tear_it()
    {
        ITokenizer tokenizer = HuggingFace.Load(json => json["pre_tokenizer"] = HuggingFace.Sequence(HuggingFace.Split("[\uD83D]"), HuggingFace.ByteLevel(usesRegex: false)));
        Assert.That(tokenizer.Decode(tokenizer.Encode("a😀😀b")), Is.EqualTo("a😀😀b"));
    }

    [Test]
    public void Threads_share_a_tokenizer()
    {
        string[] texts = [.. Enumerable.Range(0, 64).Select(i => string.Concat(Enumerable.Range(0, 500).Select(j => "the cat, in a hat "[i * j % 18])))];
        int[][] expected = Array.ConvertAll(texts, BytePairs.Learnt.Encode);
        var seen = new int[texts.Length][];
        Parallel.For(0, texts.Length, i => seen[i] = BytePairs.Learnt.Encode(texts[i]));
        Assert.That(seen, Is.EqualTo(expected));
    }
}
