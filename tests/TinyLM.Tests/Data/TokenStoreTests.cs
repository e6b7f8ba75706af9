using System.Text;

namespace TinyLM.Tests.Data;

public class TokenStoreTests
{
    private static readonly ByteTokenizer Tokenizer = new();

    private static Document[] Numbers { get; } = [.. Enumerable.Range(0, 20_000).Select(i => new Document($"{i}", $"number {i}, written äöü {i * 7919}"))];

    [Test]
    public void A_store_holds_what_was_encoded_and_no_bit_depends_on_the_threads()
    {
        using var folder = new TemporaryFolder();
        byte[][] files = [.. new[] { 1, 2, 7 }.Select(threads => File.ReadAllBytes(Create(folder, $"{threads}.tokens", Numbers, threads).Path))];
        TokenStore store = TokenStore.Open(folder.File("1.tokens"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(files, Has.All.EqualTo(files[0]));
            Assert.That(store.Documents.Count, Is.EqualTo(Numbers.Length));
            Assert.That(store.Info.IdSize, Is.EqualTo(2));
            for (int document = 0; document < Numbers.Length; document += 97)
            {
                int[] expected = [Tokenizer.BosId, .. Tokenizer.Encode(Numbers[document].Text)];
                Assert.That(store.Documents.ToArray(document), Is.EqualTo(expected));
                var part = new int[4];
                store.Documents.CopyTo(document, 3, part);
                Assert.That(part, Is.EqualTo(expected[3..7]));
            }

            TokenizedDocuments some = store.Documents.Take(200);
            Assert.That(new TokenizedDocuments(some.AllIds(), some.AllStarts(), some.BosId).Fingerprint(), Is.EqualTo(some.Fingerprint()));
            Assert.That(() => store.Documents.CopyTo(3, 10, new int[100]), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(3), "nothing is left aside");
        }
    }

    [Test]
    public void The_fingerprint_of_a_store_is_that_of_its_ids_in_memory()
    {
        using var folder = new TemporaryFolder();
        TokenizedDocuments documents = Create(folder, "a.tokens", Numbers[..50], 1).Documents;
        Assert.That(new TokenizedDocuments(documents.AllIds(), documents.AllStarts(), documents.BosId).Fingerprint(), Is.EqualTo(documents.Fingerprint()));
    }

    [Test]
    public void Parts_make_one_document_and_a_large_vocabulary_takes_four_bytes()
    {
        using var folder = new TemporaryFolder();
        CharacterTokenizer characters = CharacterTokenizer.FromTexts([string.Concat(Enumerable.Range(0x10000, 70_000).Select(char.ConvertFromUtf32))]);
        string text = string.Concat(Enumerable.Range(0x10000 + 69_000, 900).Select(char.ConvertFromUtf32));
        Document[] parts = [new("a", text), new("a", text) { Continues = true }, new("b", text[..2])];
        TokenStore store = TokenStore.Create(folder.File("a.tokens"), parts, characters, "test", "", 0, 2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(store.Info.IdSize, Is.EqualTo(4));
            Assert.That(store.Documents.Count, Is.EqualTo(2));
            Assert.That(characters.Decode(store.Documents.ToArray(0)), Is.EqualTo(text + text));
            Assert.That(store.Documents.LengthOf(1), Is.EqualTo(2));
        }
    }

    [Test]
    public void A_corpus_is_tokenized_once_and_again_when_a_file_or_the_tokenizer_has_changed()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("corpus/a.txt", "one"), cache = folder.File("cache");
        folder.Write("corpus/b.txt", "two");
        var work = new List<string>();
        string first = Open();
        Assert.That(work, Has.Count.EqualTo(3));
        Assert.That(Open(), Is.EqualTo(first));
        Assert.That(work, Has.Count.EqualTo(3), "nothing had to be done");

        File.SetLastWriteTimeUtc(text, DateTime.UtcNow.AddSeconds(5));
        Assert.That(Open(), Is.EqualTo(first));
        Assert.That(work, Has.Count.EqualTo(6), "the time has changed");

        folder.Write("corpus/c.txt", "three");
        Assert.That(Open(), Is.Not.EqualTo(first), "a file has come");
        Assert.That(Directory.GetFiles(cache), Has.Length.EqualTo(2), "the new stores have replaced the old ones");

        TokenizedCorpus.Create(Corpus.Create(DocumentSource.Folder(folder.File("corpus"))), CharacterTokenizer.FromTexts(["onetwhre"]), cache);
        Assert.That(Directory.GetFiles(cache), Has.Length.EqualTo(4), "those of another tokenizer lie beside them");

        string Open()
        {
            TokenizedCorpus corpus = TokenizedCorpus.Create(Corpus.Create(DocumentSource.Folder(folder.File("corpus"))), Tokenizer, cache, 0, (title, _, act) =>
            {
                work.Add(title);
                act(null);
            });
            return corpus.Training.Fingerprint() + corpus.Validation.Fingerprint();
        }
    }

    [Test]
    public void A_damaged_store_is_made_anew()
    {
        using var folder = new TemporaryFolder();
        Corpus corpus = Corpus.FromDocuments("test", Numbers[..100]);
        string fingerprint = TokenizedCorpus.Create(corpus, Tokenizer, folder.Path).Training.Fingerprint();
        string path = Directory.GetFiles(folder.Path, "*.training.tokens").Single();
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^100]);
        Assert.That(TokenizedCorpus.Create(corpus, Tokenizer, folder.Path).Training.Fingerprint(), Is.EqualTo(fingerprint));
    }

    [Test]
    public void Files_that_are_no_store_are_refused_in_one_line()
    {
        using var folder = new TemporaryFolder();
        byte[] file = File.ReadAllBytes(Create(folder, "a.tokens", Numbers[..20], 1).Path);
        int info = file.Length - TokenStore.Magic.Length - sizeof(int) - BitConverter.ToInt32(file.AsSpan(^(TokenStore.Magic.Length + sizeof(int))..));
        using (Assert.EnterMultipleScope())
        {
            Refused([], "expected at least 36");
            Refused(file[..20], "expected at least 36");
            Refused(file[..^1], "not a token store, or one that was cut short");
            Refused(file[1..], "not a token store");
            Refused([.. file, 0], "not a token store");
            Refused([.. file[..100], .. file[102..]], "it is cut short or damaged");
            Refused(With(file.Length - 20, 0xFF, 0xFF, 0xFF, 0x7F), "claims 2147483647 bytes of description");
            Refused(With(file.Length - 20, 0xFF, 0xFF, 0xFF, 0xFF), "claims -1 bytes of description");
            Refused(With(info, (byte)'['), "its description is no JSON");
            Refused(Replaced("\"version\":1", "\"version\":2"), "version 2");
            Refused(Replaced("\"documentCount\":20", "\"documentCount\":99"), "claims 99 documents");
            Refused(Replaced("\"bosId\":256", "\"bosId\":999"), "BOS 999 of 257");
            Refused(Replaced("\"tokenCount\":", "\"tokenCount\":9999999999"), "claims 20 documents of 9999999999");
            Refused(With(info - 8, 1), "not a valid token store: document 19 runs from token");
        }

        File.WriteAllBytes(folder.File("bad.tokens"), With(TokenStore.Magic.Length + 2, 0xFF, 0xFF));
        UserErrors.ExpectMistake(() => TokenStore.Open(folder.File("bad.tokens")).Documents.ToArray(0), "has an id of 65535 where the vocabulary has 257");

        void Refused(byte[] content, string expected)
        {
            string path = folder.Write("bad.tokens", content);
            UserErrors.ExpectMistake(() => TokenStore.Open(path), "bad.tokens", expected);
        }

        byte[] With(int offset, params byte[] bytes)
        {
            byte[] changed = [.. file];
            bytes.CopyTo(changed, offset);
            return changed;
        }

        byte[] Replaced(string old, string with)
        {
            string json = Encoding.UTF8.GetString(file.AsSpan(info..^20)).Replace(old, with, StringComparison.Ordinal);
            return [.. file[..info], .. Encoding.UTF8.GetBytes(json), .. BitConverter.GetBytes(json.Length), .. TokenStore.Magic];
        }
    }

    [Test]
    public void Tokens_and_tokenizer_must_fit()
    {
        using var folder = new TemporaryFolder();
        Corpus corpus = Corpus.Create(DocumentSource.Tokens(folder.Write("a.bin", SampleFiles.Shard([50256, 1, 2, 50256, 3]))));
        UserErrors.ExpectMistake(() => TokenizedCorpus.Create(corpus, Tokenizer, folder.Path), "begin with id 50256, but tokenizer 'bytes' begins them with 256");
        Document[] documents = [new("a", "") { Ids = [1, 257] }];
        UserErrors.ExpectMistake(() => Create(folder, "b.tokens", documents, 1), "a: has the id 257, expected 0 to 256");
        Assert.That(Directory.GetFiles(folder.Path, "*.tokens"), Is.Empty);
    }

    [Test]
    public void A_file_that_changes_while_it_is_read_is_noticed()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("a.txt", "some text that is long enough");
        Corpus corpus = Corpus.Create(DocumentSource.Text(text));
        UserErrors.ExpectMistake(() => TokenizedCorpus.Create(corpus, Tokenizer, folder.Path, 0, (title, _, work) =>
        {
            work(null);
            File.SetLastWriteTimeUtc(text, DateTime.UtcNow.AddSeconds(7));
        }), "have changed while they were read");
    }

    private static TokenStore Create(TemporaryFolder folder, string name, IEnumerable<Document> documents, int threads) =>
        TokenStore.Create(folder.File(name), documents, Tokenizer, "test", "fingerprint", 0, threads);
}
