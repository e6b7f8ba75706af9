using System.Text;
using Parquet;

namespace TinyLM.Tests.Data;

public class DocumentFormatTests
{
    [Test]
    public void A_text_comes_in_parts_that_make_it_up_whatever_packs_it([Values("", ".gz", ".zst")] string packing)
    {
        using var folder = new TemporaryFolder();
        string text = string.Concat(Enumerable.Range(0, 90_000).Select(i => $"Zeile {i} mit 漢字 und\r\nUmläuten äöü und 😀\n"));
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        string path = folder.Write("text" + packing, packing == ".gz" ? SampleFiles.Gzip(bytes) : packing == ".zst" ? SampleFiles.Zstd(bytes) : bytes);
        Document[] parts = [.. DocumentSource.Text(path).Read()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(string.Concat(parts.Select(part => part.Text)), Is.EqualTo(text));
            Assert.That(parts.Select(part => part.Continues), Is.EqualTo(parts.Select((_, i) => i > 0)));
            Assert.That(parts, Has.Length.GreaterThan(3));
            Assert.That(parts[1..].Select(part => part.Text[..2]), Is.All.EqualTo("\r\n"), "cut before a line end that follows a letter");
        }
    }

    [Test]
    public void Text_without_lines_is_cut_between_characters()
    {
        using var folder = new TemporaryFolder();
        string text = string.Concat(Enumerable.Repeat("漢", 800_000));
        Document[] parts = [.. DocumentSource.Text(folder.Write("text", text)).Read()];
        Assert.That(parts, Has.Length.EqualTo(3));
        Assert.That(string.Concat(parts.Select(part => part.Text)), Is.EqualTo(text));
    }

    [Test]
    public void A_line_that_matches_begins_a_document()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("wiki.txt", " \n = One = \n\n First text .\n = = Part = = \n More .\n\n = Two = \n\n Second .\n");
        Document[] documents = [.. DocumentSource.Separated(path, "^ = [^=]+ = $", null).Read()];
        Assert.That(documents, Is.EqualTo(new Document[]
        {
            new("wiki.txt:2", " = One = \n\n First text .\n = = Part = = \n More ."),
            new("wiki.txt:8", " = Two = \n\n Second ."),
        }));
    }

    [Test]
    public void A_mark_ends_a_document_wherever_it_stands()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("stories.txt", "Once\nupon\n<|endoftext|>\nTwo<|endoftext|>Three<|endoftext|><|endoftext|>\n \n<|endoftext|>\n\nlast\r\n");
        Document[] documents = [.. DocumentSource.Separated(path, null, "<|endoftext|>").Read()];
        Assert.That(documents.Select(document => document.Text), Is.EqualTo(new[] { "Once\nupon", "Two", "Three", "last" }));
    }

    [Test]
    public void A_long_document_between_marks_comes_in_parts()
    {
        using var folder = new TemporaryFolder();
        string first = string.Join('\n', Enumerable.Range(0, 300_000)), second = "short";
        Document[] documents = [.. DocumentSource.Separated(folder.Write("a.txt", $"{first}\n--\n{second}"), null, "--").Read()];
        Assert.That(string.Concat(documents[..^1].Select(part => part.Text)), Is.EqualTo(first));
        Assert.That(documents[^1].Text, Is.EqualTo(second));
        Assert.That(documents.Select(document => document.Continues), Is.EqualTo(new[] { false, true, false }));
    }

    [Test]
    public void A_field_of_JSON_lines_is_a_document_whatever_packs_them([Values("", ".gz", ".zst")] string packing)
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = "{\"id\":1,\"text\":\"one\\n\\ud83d\\ude00\",\"meta\":{\"text\":\"not this\"}}\n\n{\"text\":\"\"}\r\n{\"text\":null}\n{\"meta\":[1,{}],\"text\":\"two\"}"u8.ToArray();
        folder.Write("b.jsonl" + packing, packing == ".gz" ? SampleFiles.Gzip(bytes) : packing == ".zst" ? SampleFiles.Zstd(bytes) : bytes);
        folder.Write("a.jsonl", "{\"text\":\"zero\"}");
        folder.Write("readme.md", "no JSON");
        Document[] documents = [.. DocumentSource.JsonLines(folder.Path).Read()];
        Assert.That(documents.Where(document => document.Text.Length > 0), Is.EqualTo(new Document[]
        {
            new("a.jsonl:1", "zero"), new($"b.jsonl{packing}:1", "one\n😀"), new($"b.jsonl{packing}:5", "two"),
        }));
    }

    [Test]
    public void A_column_of_a_Parquet_file_is_its_documents(
        [Values(CompressionMethod.None, CompressionMethod.Snappy, CompressionMethod.Gzip, CompressionMethod.Zstd, CompressionMethod.Brotli)] CompressionMethod packing)
    {
        using var folder = new TemporaryFolder();
        folder.Write("train-0.parquet", SampleFiles.Parquet(packing, ["one", null, "two"], ["drei äöü"]));
        folder.Write("train-1.parquet", SampleFiles.Parquet(packing, ["four"]));
        folder.Write("test-0.parquet", SampleFiles.Parquet(packing, ["held out"]));
        Document[] documents = [.. DocumentSource.Parquet(folder.File("train-*.parquet")).Read()];
        Assert.That(documents, Is.EqualTo(new Document[]
        {
            new("train-0.parquet:1", "one"), new("train-0.parquet:2", ""), new("train-0.parquet:3", "two"), new("train-0.parquet:4", "drei äöü"), new("train-1.parquet:1", "four"),
        }));
    }

    [Test]
    public void Shards_hold_documents_and_the_second_goes_on_with_the_last_of_the_first()
    {
        using var folder = new TemporaryFolder();
        folder.Write("train_0.bin", SampleFiles.Shard([50256, 1, 2, 50256, 3]));
        folder.Write("train_1.bin", SampleFiles.Shard([4, 5, 50256, 50256, 6]));
        Document[] documents = [.. DocumentSource.Tokens(folder.File("train_*.bin")).Read().Where(document => document.Ids!.Length > 0)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(documents.Select(document => document.Ids), Is.EqualTo(new[] { new[] { 1, 2 }, [3], [4, 5], [6] }));
            Assert.That(documents.Select(document => document.Continues), Is.EqualTo(new[] { false, false, true, false }));
            Assert.That(Corpus.Create(DocumentSource.Tokens(folder.Path)).Training.Count + Corpus.Create(DocumentSource.Tokens(folder.Path)).Validation.Count, Is.EqualTo(3));
        }
    }

    [Test]
    public void A_Parquet_file_that_Arrow_wrote_is_read()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("arrow.parquet", SampleFiles.ParquetOfArrow());
        Assert.That(DocumentSource.Parquet(path).Read().Select(document => document.Text), Is.EqualTo(SampleFiles.ArrowTexts.Concat(SampleFiles.ArrowTexts)));
    }

    private static IEnumerable<TestCaseData> TorchArchives()
    {
        yield return new TestCaseData(SampleFiles.Torch(SampleFiles.Tokens, SampleFiles.Starts)).SetArgDisplayNames("a plain ZIP");
        yield return new TestCaseData(SampleFiles.TorchAsLibtorch()).SetArgDisplayNames("libtorch");
        yield return new TestCaseData(SampleFiles.TorchAsSaved()).SetArgDisplayNames("torch.save");
    }

    [TestCaseSource(nameof(TorchArchives))]
    public void A_torch_archive_holds_the_documents_that_its_starts_tell(byte[] archive)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("fineweb_val.pt", archive);
        Assert.That(DocumentSource.Tokens(path).Read().Select(document => document.Ids), Is.EqualTo(new[] { new[] { 1, 2 }, [3], [4, 5, 6] }));
    }

    [Test]
    public void Half_a_million_lines_are_read_in_the_memory_of_one()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("lines.txt", string.Join('\n', Enumerable.Range(0, 500_000)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        int count = DocumentSource.Lines(path).Read().Count();
        Assert.That(count, Is.EqualTo(500_000));
        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before) / count, Is.LessThan(300), "bytes a line, all of them soon garbage");
    }
}
