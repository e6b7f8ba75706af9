using System.Text;
using CsCheck;
using Parquet;
using TinyLM.Tests.Data;

namespace TinyLM.Tests.Properties;

/// <summary>
/// Files of every format, damaged at random: each reader tells documents or one line, within bounded memory. <c>CsCheck_Iter=10000</c> tries a hundred times as many.
/// </summary>
[Category("Properties")]
public class SourceProperties
{
    private const long MostBytes = 400_000_000;

    private static IEnumerable<TestCaseData> Readers()
    {
        byte[] lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 40).Select(i => $"line {i} with ä and 😀\n")));
        byte[] json = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 20).Select(i => $"{{\"id\":{i},\"text\":\"line {i} \\u00e4 \\ud83d\\ude00\",\"meta\":[1,{{\"a\":null}}]}}\n")));
        string?[] rows = [.. Enumerable.Range(0, 30).Select(i => i % 7 == 0 ? null : $"row {i} with ä")];
        yield return Reader("text", lines, DocumentSource.Text);
        yield return Reader("gzip", SampleFiles.Gzip(lines), DocumentSource.Text);
        yield return Reader("zstd", SampleFiles.Zstd(lines), DocumentSource.Text);
        yield return Reader("lines", lines, DocumentSource.Lines);
        yield return Reader("separated", lines, path => DocumentSource.Separated(path, "^line .0", "ä"));
        yield return Reader("jsonl", json, path => DocumentSource.JsonLines(path));
        yield return Reader("jsonl of zstd", SampleFiles.Zstd(json), path => DocumentSource.JsonLines(path));
        yield return Reader("parquet", SampleFiles.Parquet(CompressionMethod.None, rows, rows), path => DocumentSource.Parquet(path));
        yield return Reader("parquet of snappy", SampleFiles.Parquet(CompressionMethod.Snappy, rows), path => DocumentSource.Parquet(path));
        yield return Reader("parquet of zstd", SampleFiles.Parquet(CompressionMethod.Zstd, rows), path => DocumentSource.Parquet(path));
        yield return Reader("parquet of Arrow", SampleFiles.ParquetOfArrow(), path => DocumentSource.Parquet(path));
        yield return Reader("bin", SampleFiles.Shard([50256, 1, 2, 3, 50256, 4, 5]), DocumentSource.Tokens);
        yield return Reader("torch", SampleFiles.Torch(SampleFiles.Tokens, SampleFiles.Starts), DocumentSource.Tokens);
        yield return Reader("torch of torch.save", SampleFiles.TorchAsSaved(), DocumentSource.Tokens);
        yield return Reader("torch of libtorch", SampleFiles.TorchAsLibtorch(), DocumentSource.Tokens);
    }

    [TestCaseSource(nameof(Readers))]
    public void A_damaged_file_is_read_or_refused_in_one_line(byte[] file, Func<string, DocumentSource> open)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("damaged");
        Property.Holds("host", 30, Damage(file), damaged => Judge(() =>
        {
            File.WriteAllBytes(path, damaged);
            foreach (Document document in open(path).Read())
            {
                Assert.That(document.Text.Length, Is.LessThan(10_000_000));
            }
        }));
    }

    [Test]
    public void A_damaged_store_is_read_or_refused_in_one_line()
    {
        using var folder = new TemporaryFolder();
        Document[] documents = [.. Enumerable.Range(0, 20).Select(i => new Document($"{i}", $"text {i}"))];
        byte[] file = File.ReadAllBytes(TokenStore.Create(folder.File("store"), documents, new ByteTokenizer(), "test", "", 0, 1).Path);
        string path = folder.File("damaged");
        Property.Holds("host", 30, Damage(file), damaged => Judge(() =>
        {
            File.WriteAllBytes(path, damaged);
            TokenizedDocuments read = TokenStore.Open(path).Documents;
            for (int document = 0; document < read.Count; document++)
            {
                read.ToArray(document);
            }
        }));
    }

    [Test]
    public void Damaged_weights_are_read_or_refused_in_one_line()
    {
        byte[] file = Checkpoints.SafetensorsTests.File(Checkpoints.SafetensorsTests.One, new byte[16]);
        Property.Holds("host", 30, Damage(file), damaged => Judge(() => Checkpoints.SafetensorsTests.Read(damaged).Dispose()));
    }

    [TestCase("""{"type":"bytes"}""")]
    [TestCase("""{"type":"characters","characters":"\n abcdeä😀"}""")]
    public void A_damaged_tokenizer_is_read_or_refused_in_one_line(string json) =>
        Property.Holds("host", 30, Damage(Encoding.UTF8.GetBytes(json)), damaged => Judge(() => TokenizerFile.Load(new MemoryStream(damaged), "tokenizer.json")));

    /// <summary>Whatever is thrown must be one line for the user.</summary>
    private static void Judge(Action read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read();
        }
        catch (UserException fault)
        {
            Assert.That(fault.Message, Does.Not.Contain("\n"));
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(MostBytes));
    }

    /// <summary>Up to four changes of a file: bytes flipped, overwritten with extremes, removed, doubled or inserted, or the end cut off.</summary>
    private static Gen<byte[]> Damage(byte[] file)
    {
        Gen<(int Kind, double Place, int Length, byte[] Bytes)> change = Gen.Select(
            Gen.Int[0, 6], Gen.Double[0, 1], Gen.Int[1, 40], Gen.OneOf(Gen.Byte.Array[1, 8], Gen.OneOf((byte)0, (byte)0x7F, (byte)0x80, (byte)0xFF).Array[1, 8]));
        return change.Array[1, 4].Select(changes => changes.Aggregate(file, Apply));
    }

    private static byte[] Apply(byte[] file, (int Kind, double Place, int Length, byte[] Bytes) change)
    {
        int at = (int)(change.Place * file.Length), end = Math.Min(file.Length, at + change.Length);
        switch (change.Kind)
        {
            case 0 or 1:
                byte[] flipped = [.. file];
                if (at < file.Length)
                {
                    flipped[at] ^= (byte)(1 << (change.Length % 8));
                }

                return flipped;
            case 2 or 3:
                byte[] overwritten = [.. file];
                change.Bytes.AsSpan(0, Math.Min(change.Bytes.Length, file.Length - at)).CopyTo(overwritten.AsSpan(at));
                return overwritten;
            case 4:
                return [.. file[..at], .. file[end..]];
            case 5:
                return [.. file[..end], .. file[at..]];
            default:
                return change.Length % 3 == 0 ? file[..at] : [.. file[..at], .. change.Bytes, .. file[at..]];
        }
    }

    private static TestCaseData Reader(string name, byte[] file, Func<string, DocumentSource> open) => new TestCaseData(file, open).SetArgDisplayNames(name);
}
