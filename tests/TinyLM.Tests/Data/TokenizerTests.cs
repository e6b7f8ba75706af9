using System.Text;

namespace TinyLM.Tests.Data;

public class TokenizerTests
{
    private const string Text = "Zürich 😀\nnaïve — 漢字 😀";

    private static IEnumerable<ITokenizer> Tokenizers() => [new ByteTokenizer(), CharacterTokenizer.FromTexts([Text])];

    [TestCaseSource(nameof(Tokenizers))]
    public void Text_survives_the_way_there_and_back(ITokenizer tokenizer)
    {
        int[] ids = tokenizer.Encode(Text);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tokenizer.Decode(ids), Is.EqualTo(Text));
            Assert.That(tokenizer.Decode([tokenizer.BosId, .. ids, tokenizer.BosId]), Is.EqualTo(Text));
            Assert.That(tokenizer.Encode(""), Is.Empty);
            Assert.That(ids, Is.All.InRange(0, tokenizer.BosId - 1));
            Assert.That(tokenizer.BosId, Is.EqualTo(tokenizer.VocabularySize - 1));
            Assert.That(ids.Sum(tokenizer.ByteCount), Is.EqualTo(Encoding.UTF8.GetByteCount(Text)));
            Assert.That(tokenizer.ByteCount(tokenizer.BosId), Is.Zero);
        }
    }

    [TestCaseSource(nameof(Tokenizers))]
    public void A_saved_tokenizer_is_the_same_when_loaded(ITokenizer tokenizer)
    {
        var stream = new MemoryStream();
        tokenizer.Save(stream);
        stream.Position = 0;
        ITokenizer loaded = TokenizerFile.Load(stream, "tokenizer.json");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded.Name, Is.EqualTo(tokenizer.Name));
            Assert.That(loaded.VocabularySize, Is.EqualTo(tokenizer.VocabularySize));
            Assert.That(loaded.Encode(Text), Is.EqualTo(tokenizer.Encode(Text)));
        }
    }

    [TestCaseSource(nameof(Tokenizers))]
    public void Ids_outside_the_vocabulary_are_refused(ITokenizer tokenizer)
    {
        Assert.That(() => tokenizer.Decode([-1]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("token id -1"));
        Assert.That(() => tokenizer.ByteCount(tokenizer.VocabularySize), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [TestCaseSource(nameof(Tokenizers))]
    public void Half_a_surrogate_pair_is_refused(ITokenizer tokenizer) =>
        UserErrors.ExpectMistake(() => tokenizer.Encode("Z\uD83D"), "half of a surrogate pair (U+D83D)");

    [Test]
    public void Characters_are_sorted_by_code_point()
    {
        CharacterTokenizer tokenizer = CharacterTokenizer.FromTexts(["ba", "\uFF5E😀a"]);
        Assert.That(string.Concat(tokenizer.Characters), Is.EqualTo("ab\uFF5E😀"));
    }

    [Test]
    public void An_unknown_character_is_named_with_its_position()
    {
        CharacterTokenizer tokenizer = CharacterTokenizer.FromTexts(["abc😀"]);
        using (Assert.EnterMultipleScope())
        {
            UserErrors.ExpectMistake(() => tokenizer.Encode("a😀x"), "'x' (U+0078) at position 3", "4 known characters");
            UserErrors.ExpectMistake(() => tokenizer.Encode("a\n"), "the character U+000A at position 1");
            UserErrors.ExpectMistake(() => CharacterTokenizer.FromTexts([]), "the text is empty");
        }
    }

    [Test]
    public void The_alphabet_of_a_corpus_includes_its_validation_text()
    {
        CharacterTokenizer tokenizer = CharacterTokenizer.FromCorpus(Corpus.FromText("t", "aaaaaaaaab"));
        Assert.That(tokenizer.VocabularySize, Is.EqualTo(3));
    }

    [Test]
    public void Bytes_that_are_not_text_decode_to_the_replacement_character() =>
        Assert.That(new ByteTokenizer().Decode([0xC3, (byte)'a']), Is.EqualTo("\uFFFDa"));

    [TestCase("", "not valid JSON")]
    [TestCase("[]", "no JSON object")]
    [TestCase("{}", "type is missing")]
    [TestCase("{\"type\":7}", "type is missing")]
    [TestCase("{\"type\":\"bpe\"}", "type is 'bpe'")]
    [TestCase("{\"type\":\"bytes\",\"type\":\"bytes\"}", "not valid JSON")]
    [TestCase("{\"type\":\"characters\"}", "'characters' is missing")]
    [TestCase("{\"type\":\"characters\",\"characters\":\"\"}", "'characters' is missing or empty")]
    [TestCase("{\"type\":\"characters\",\"characters\":\"ba\"}", "'a' (U+0061) after 'b'")]
    [TestCase("{\"type\":\"characters\",\"characters\":\"aa\"}", "rising code points")]
    public void A_malformed_file_costs_one_line(string json, string expected) =>
        UserErrors.ExpectMistake(() => TokenizerFile.Load(new MemoryStream(Encoding.UTF8.GetBytes(json)), "tokenizer.json"), "tokenizer.json", expected);

    [Test]
    public void A_missing_file_costs_one_line() =>
        UserErrors.ExpectMistake(() => TokenizerFile.Load("/absent/tokenizer.json"), "no such file");

    [Test]
    public void A_corpus_is_tokenized_with_BOS_first()
    {
        Corpus corpus = Corpus.FromDocuments("test", [new("a", "x"), new("b", "yz"), new("c", "w")]);
        using var folder = new TemporaryFolder();
        TokenizedCorpus tokenized = TokenizedCorpus.Create(corpus, new ByteTokenizer(), folder.Path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tokenized.Training.Count + tokenized.Validation.Count, Is.EqualTo(3));
            Assert.That(tokenized.Training.ToArray(0)[0], Is.EqualTo(256));
            Assert.That(tokenized.Training.CountOverlap(tokenized.Validation), Is.Zero);
            Assert.That(tokenized.Training.CountOverlap(tokenized.Training), Is.EqualTo(tokenized.Training.Count));
            Assert.That(tokenized.Training.Fingerprint(), Is.Not.EqualTo(tokenized.Validation.Fingerprint()));
            Assert.That(tokenized.TokenBytes.ToArray(), Has.Length.EqualTo(257).And.Exactly(256).EqualTo(1));
        }
    }

    [Test]
    public void A_character_that_is_not_known_is_reported_with_its_document()
    {
        using var folder = new TemporaryFolder();
        Corpus story = Corpus.FromText("story.txt", "abcdefghij");
        UserErrors.ExpectMistake(() => TokenizedCorpus.Create(story, CharacterTokenizer.FromTexts(["ab"]), folder.Path), "story.txt", "'c'");
    }

    [Test]
    public void Documents_without_BOS_or_without_tokens_are_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new TokenizedDocuments([1, 2], [0, 2], 9), Throws.ArgumentException.With.Message.Contains("begins with id 1, expected 9"));
            Assert.That(() => new TokenizedDocuments([9, 2], [0, 0, 2], 9), Throws.ArgumentException.With.Message.Contains("document 0 has no tokens"));
            Assert.That(() => new TokenizedDocuments([9, 2], [0, 1], 9), Throws.ArgumentException);
            Assert.That(new TokenizedDocuments([], [0], 9).Count, Is.Zero);
        }
    }
}
