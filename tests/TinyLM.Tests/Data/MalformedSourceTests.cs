using System.IO.Compression;
using System.Text;
using Parquet;

namespace TinyLM.Tests.Data;

/// <summary>What is wrong with a file costs one line that says what and where.</summary>
public class MalformedSourceTests
{
    /// <summary>How each pickle begins.</summary>
    private const string Protocol = "\u0080\u0002";

    private const string Bytes = "a text that is long enough to be packed, and packed, and packed";

    private static IEnumerable<TestCaseData> Files()
    {
        foreach (TestCaseData text in Texts().Concat(JsonLines()).Concat(Parquets()).Concat(Shards()).Concat(TorchArchives()))
        {
            yield return text;
        }
    }

    private static IEnumerable<TestCaseData> Texts()
    {
        yield return Case("text: empty", DocumentSource.Text, [], "the file is empty");
        yield return Case("text: a NUL byte", DocumentSource.Text, "abc\0d"u8.ToArray(), "NUL byte at offset 3");
        yield return Case("text: Latin 1", DocumentSource.Text, [.. Enumerable.Repeat((byte)'a', 2_000_000), 0xC3, 0x28], "byte 0xC3 at offset 2000000 is not UTF-8");
        yield return Case("text: cut in a character", DocumentSource.Text, [(byte)'a', 0xE2, 0x82], "byte 0xE2 at offset 1");
        yield return Case("text: a coded surrogate", DocumentSource.Text, [(byte)'a', 0xED, 0xA0, 0x80], "byte 0xED at offset 1");
        yield return Case("text: an overlong code", DocumentSource.Text, [0xC0, 0x80], "byte 0xC0 at offset 0");
        yield return Case("text: UTF-16", DocumentSource.Text, Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("abc")).ToArray(), "NUL byte at offset 3");
        yield return Case("text: gzip cut short", DocumentSource.Text, SampleFiles.Gzip(Encoding.UTF8.GetBytes(Bytes))[..^12], "is damaged or cut short");
        yield return Case("text: gzip with a wrong check sum", DocumentSource.Text, Changed(SampleFiles.Gzip(Encoding.UTF8.GetBytes(Bytes)), -8), "is damaged or cut short");
        yield return Case("text: gzip of random bytes", DocumentSource.Text, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF], "is damaged or cut short");
        yield return Case("text: zstd cut short", DocumentSource.Text, SampleFiles.Zstd(Encoding.UTF8.GetBytes(Bytes))[..^3], "is damaged or cut short");
        yield return Case("text: zstd with a wrong header", DocumentSource.Text, [0x28, 0xB5, 0x2F, 0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "is damaged or cut short");
        yield return Case("text: a gzip bomb", DocumentSource.Text, SampleFiles.Gzip(Spaces(40_000_000)), "unpack to more than 250 times as many");
        yield return Case("text: a zstd bomb", DocumentSource.Text, SampleFiles.Zstd(Spaces(40_000_000)), "unpack to more than 250 times as many");
        yield return Case("lines: all blank", DocumentSource.Lines, "\n \n\t\r\n"u8.ToArray(), "all lines are blank");
        yield return Case("lines: a very long one", DocumentSource.Lines, [.. "short\n"u8, .. Spaces(TextInput.LongestLine + 1)], "line 2 has more than 16777216 bytes");
        yield return Case("lines: a NUL byte", DocumentSource.Lines, "ab\nc\0d"u8.ToArray(), "NUL byte at offset 4");
        yield return Case("lines: Latin 1", DocumentSource.Lines, [.. "ab\n"u8, 0xE9, (byte)'\n'], "byte 0xE9 at offset 3");
        yield return Case("separated: no such mark", path => DocumentSource.Separated(path, null, "<|end|>"), "one\ntwo"u8.ToArray(), "nothing in it matches");
        yield return Case("separated: no such line", path => DocumentSource.Separated(path, "^= ", null), "one\ntwo"u8.ToArray(), "nothing in it matches");
        yield return Case("separated: no regular expression", path => DocumentSource.Separated(path, "(", null), "one"u8.ToArray(), "not a regular expression");
        yield return Case("separated: a slow regular expression", path => DocumentSource.Separated(path, @"(a)\1", null), "one"u8.ToArray(), "not a regular expression that can be used");
        yield return Case("separated: an empty mark", path => DocumentSource.Separated(path, null, ""), "one"u8.ToArray(), "expected a mark");
    }

    private static IEnumerable<TestCaseData> JsonLines()
    {
        yield return Json("no JSON", "{\"text\": one}", "line 1 is not valid JSON");
        yield return Json("cut short", "{\"text\":\"one\"}\n{\"text\":\"tw", "line 2 is not valid JSON");
        yield return Json("no object", "[\"text\"]", "line 1 is no JSON object");
        yield return Json("the field absent", "{\"id\":1,\"content\":\"one\"}", "line 1 has no field 'text', only id, content");
        yield return Json("the field nested", "{\"meta\":{\"text\":\"one\"}}", "line 1 has no field 'text', only meta");
        yield return Json("the field a number", "{\"text\":1}", "the field 'text' is no text but a number");
        yield return Json("the field an object", "{\"text\":{\"a\":1}}", "no text but an object");
        yield return Json("the field twice", "{\"text\":\"a\",\"text\":\"b\"}", "line 1 has the field 'text' twice");
        yield return Json("half a surrogate pair", "{\"text\":\"\\ud83d\"}", "line 1 is not valid JSON");
        yield return Json("two objects on a line", "{\"text\":\"a\"}{\"text\":\"b\"}", "line 1 is not valid JSON");
        yield return Json("brackets in brackets", "{\"text\":\"a\",\"b\":" + new string('[', 100_000), "line 1 is not valid JSON");
        yield return Json("a very long line", "{\"text\":\"" + new string('a', TextInput.LongestLine), "line 1 has more than 16777216 bytes");
        yield return Case("jsonl: not UTF-8", path => DocumentSource.JsonLines(path), [.. "{\"text\":\""u8, 0xFF, .. "\"}"u8], "byte 0xFF at offset 9");
    }

    private static IEnumerable<TestCaseData> Parquets()
    {
        byte[] file = SampleFiles.Parquet(CompressionMethod.Snappy, [.. Enumerable.Range(0, 50).Select(i => $"row {i}")]);
        int data = file.Length - 12 - BitConverter.ToInt32(file.AsSpan(^8..));
        yield return Parquet("empty", [], "does not end with PAR1");
        yield return Parquet("the footer cut short", file[..^9], "does not end with PAR1");
        yield return Parquet("the beginning lost", file[100..], "not a valid Parquet file");
        yield return Parquet("nothing but magic", "PAR1\0\0\0\0PAR1"u8.ToArray(), "not a valid Parquet file");
        yield return Parquet("a footer longer than the file", Changed(file, -6), "claims a footer of");
        yield return Parquet("a footer of 4 GB", [.. file[..^8], 0xFF, 0xFF, 0xFF, 0xFF, .. "PAR1"u8], "claims a footer of 4294967295 bytes");
        yield return Footer("a footer whose number never ends", [0x15, .. Enumerable.Repeat((byte)0xFF, 20)], "a number takes more than 5 bytes");
        yield return Footer("a footer with a text of 2 GB", [0x68, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], "claims a length of 2147483647, of which 0 bytes are left");
        yield return Footer("a footer with two thousand million row groups", [0x49, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], "claims a length of 2147483647, of which 0 bytes are left");
        yield return Footer("a footer whose text is a number", [0x66, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0], "field 6 of FileMetaData has the type 6, expected binary");
        yield return Footer("a footer of lists in lists", [0x89, .. Enumerable.Repeat((byte)0x19, 100_000)], "a list has elements of the type 9, expected what can be skipped");
        yield return Footer("a footer with a structure that nobody knows", [0x8C, 0x15, 0, 0], "field 1 of Unknown has the type 5, expected what can be skipped");
        yield return Parquet("a footer of another place", Changed(file, -8), "not a valid Parquet file");
        yield return Parquet("its data overwritten", [.. file[..4], .. Enumerable.Repeat((byte)0xEE, data), .. file[(4 + data)..]], "not a valid Parquet file");
        yield return Parquet("the column nested", SampleFiles.NestedParquet("a", "b"), "the column 'text' is nested");
        yield return Case("parquet: no such column", path => DocumentSource.Parquet(path, "content"), file, "has no column 'content', only id, text");
        yield return Case("parquet: a column of numbers", path => DocumentSource.Parquet(path, "id"), file, "the column 'id' holds Int32, expected text");
    }

    private static IEnumerable<TestCaseData> Shards()
    {
        yield return Tokens("bin: empty", [], "expected a header of 1024");
        yield return Tokens("bin: half a header", SampleFiles.Shard([])[..500], "expected a header of 1024");
        yield return Tokens("bin: a wrong magic", SampleFiles.Shard([1], magic: 20240801), "has the magic 20240801 and version 1");
        yield return Tokens("bin: a wrong version", SampleFiles.Shard([1], version: 7), "has the magic 20240520 and version 7");
        yield return Tokens("bin: a big-endian header", [.. SampleFiles.Shard([1])[..4].Reverse(), .. SampleFiles.Shard([1])[4..]], "has the magic");
        yield return Tokens("bin: a count past the end", SampleFiles.Shard([1, 2], count: 3), "claims 3 tokens, which take 1030 bytes, but has 1028");
        yield return Tokens("bin: tokens behind the last", SampleFiles.Shard([1, 2], count: 1), "claims 1 tokens");
        yield return Tokens("bin: a count of none", SampleFiles.Shard([], count: 0), "claims 0 tokens");
        yield return Tokens("bin: a negative count", SampleFiles.Shard([1], count: -1), "claims -1 tokens");
        yield return Tokens("bin: a huge count", SampleFiles.Shard([1], count: int.MaxValue), "claims 2147483647 tokens");
        yield return Tokens("bin: half a token", [.. SampleFiles.Shard([1]), 0], "claims 1 tokens");
    }

    private static IEnumerable<TestCaseData> TorchArchives()
    {
        byte[] pickle = Convert.FromBase64String(SampleFiles.Pickle);
        yield return Torch("cut short", SampleFiles.Torch(SampleFiles.Tokens, SampleFiles.Starts)[..^30], "is damaged or cut short");
        yield return Torch("no pickle", SampleFiles.Torch(SampleFiles.Tokens, SampleFiles.Starts, without: "fineweb/data.pkl"), "without a data.pkl");
        yield return Torch("no storage", SampleFiles.Torch(SampleFiles.Tokens, SampleFiles.Starts, without: "fineweb/data/1"), "'doc_starts' lies in data/1, which the archive lacks");
        yield return Torch("big-endian", SampleFiles.Torch(SampleFiles.Tokens, SampleFiles.Starts, byteOrder: "big"), "byte order is 'big'");
        yield return Torch("fewer tokens than claimed", SampleFiles.Torch(SampleFiles.Tokens[..4], SampleFiles.Starts), "claims 9 numbers of 2 bytes, but data/0 has 8");
        yield return Torch("packed storages", SampleFiles.Torch([50256, .. new ushort[1_000_000]], SampleFiles.Starts, level: CompressionLevel.Optimal), "is packed, to");
        yield return Torch("starts that fall", SampleFiles.Torch(SampleFiles.Tokens, [0, 5, 3]), "document 1 runs from token 5 to 3");
        yield return Torch("starts past the end", SampleFiles.Torch(SampleFiles.Tokens, [0, 3, 50]), "document 1 runs from token 3 to 50 of 9");
        yield return Torch("a first start that is not 0", SampleFiles.Torch(SampleFiles.Tokens, [1, 3, 5]), "begins with 1; expected at least one, and 0");
        yield return Torch("a document without BOS", SampleFiles.Torch(SampleFiles.Tokens, [0, 2, 5]), "document 1 begins with id 2, expected 50256");
        yield return Pickle("a forbidden name", Replaced(pickle, "torch\nuint16", "os\nsystemxxx"), "calls for os.systemxxx, which is not among");
        yield return Pickle("builtins.eval", Protocol + "cbuiltins\neval\nX\u0005\0\0\01+1+1\u0085R.", "calls for builtins.eval");
        yield return Pickle("a reduction of another kind", Protocol + "ccollections\nOrderedDict\nK\u0001\u0085R.", "neither a tensor nor an empty dictionary");
        yield return Pickle("an opcode that builds objects", Protocol + "}cos\nsystem\nb.", "calls for os.system");
        yield return Pickle("the opcode INST", Protocol + "(ios\nsystem\n.", "the opcode 0x69 at offset 3");
        yield return Pickle("an empty stack", Protocol + ".", "the stack is empty");
        yield return Pickle("a string longer than the file", Protocol + "X\u00FF\u00FF\u00FF\u007F.", "it ends too early");
        yield return Pickle("no end", Protocol + "}", "it ends too early");
        yield return Pickle("a number alone", Protocol + "K\u0001.", "holds no dictionary");
        yield return Pickle("an empty dictionary", Protocol + "}.", "no number 'bos_id'");
        yield return Pickle("another BOS", Protocol + "}X\u0006\0\0\0bos_idK\u0001s.", "begin with id 1, expected 50256");
        yield return Pickle("a tensor that is a number", Protocol + "}X\u0006\0\0\0bos_idMP\u00C4sX\u0006\0\0\0tokensK\u0001s.", "no tensor 'tokens', only bos_id, tokens");
    }

    [TestCaseSource(nameof(Files))]
    public void It_is_refused_in_one_line(Func<string, DocumentSource> open, byte[] content, string expected)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("corpus", content);
        long before = GC.GetAllocatedBytesForCurrentThread();
        UserErrors.ExpectMistake(() => _ = open(path).Read().Count(), expected);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(100_000_000L + 4L * content.Length));
    }

    [Test]
    public void A_place_that_is_none_is_refused_before_anything_is_read()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("a.txt", "text");
        using (Assert.EnterMultipleScope())
        {
            UserErrors.ExpectMistake(() => DocumentSource.Text(folder.File("absent.txt")), "absent.txt: no such file");
            UserErrors.ExpectMistake(() => DocumentSource.Text(folder.Path), "is a folder, expected a text file");
            UserErrors.ExpectMistake(() => DocumentSource.Text("a\0b"), "not a file's name");
            UserErrors.ExpectMistake(() => DocumentSource.Folder(folder.File("absent")), "no such folder");
            UserErrors.ExpectMistake(() => DocumentSource.Folder(text), "is a file, expected a folder");
            UserErrors.ExpectMistake(() => DocumentSource.Folder(folder.Path, "*.md"), "no file matches '*.md'");
            UserErrors.ExpectMistake(() => DocumentSource.Parquet(folder.Path), "no file matches '*.parquet'");
            UserErrors.ExpectMistake(() => DocumentSource.Tokens(folder.File("*.bin")), "no file matches '*.bin'");
            UserErrors.ExpectMistake(() => _ = Corpus.Create(DocumentSource.Folder(Directory.CreateDirectory(folder.File("e")).Parent!.FullName, "a.*"), 1.5), "validation fraction is 1.5");
            UserErrors.ExpectMistake(() => _ = Corpus.FromDocuments("t", [new("a", "")]).Training, "no document has any text");
            UserErrors.ExpectMistake(() => Corpus.Create(DocumentSource.Text(text), DocumentSource.Tokens(folder.Write("a.bin", SampleFiles.Shard([1])))), "comes tokenized, the other as text");
        }
    }

    /// <summary>Entries of an archive are looked up by name and never written anywhere.</summary>
    [Test]
    public void An_archive_whose_entries_climb_out_of_the_folder_writes_nothing()
    {
        using var folder = new TemporaryFolder();
        byte[] pickle = Replaced(Convert.FromBase64String(SampleFiles.Pickle), "X\u0001\0\0\00q", "X\u0001\0\0\0.q");
        string path = folder.Write("in/a.pt", SampleFiles.Torch(SampleFiles.Tokens, SampleFiles.Starts, pickle));
        UserErrors.ExpectMistake(() => _ = DocumentSource.Tokens(path).Read().Count(), "lies in data/., which the archive lacks");
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Has.Length.EqualTo(1));
    }

    private static TestCaseData Case(string name, Func<string, DocumentSource> open, byte[] content, string expected) =>
        new TestCaseData(open, content, expected).SetArgDisplayNames(name);

    private static TestCaseData Json(string name, string content, string expected) =>
        Case("jsonl: " + name, path => DocumentSource.JsonLines(path), Encoding.UTF8.GetBytes(content), expected);

    private static TestCaseData Parquet(string name, byte[] content, string expected) => Case("parquet: " + name, path => DocumentSource.Parquet(path), content, expected);

    private static TestCaseData Footer(string name, byte[] footer, string expected) =>
        Parquet(name, [.. "PAR1"u8, .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8], expected);

    private static TestCaseData Tokens(string name, byte[] content, string expected) => Case(name, DocumentSource.Tokens, content, expected);

    private static TestCaseData Torch(string name, byte[] content, string expected) => Case("torch: " + name, DocumentSource.Tokens, content, expected);

    private static TestCaseData Pickle(string name, byte[] pickle, string expected) => Torch(name, SampleFiles.Torch(SampleFiles.Tokens, SampleFiles.Starts, pickle), expected);

    private static TestCaseData Pickle(string name, string pickle, string expected) => Pickle(name, Encoding.Latin1.GetBytes(pickle), expected);

    private static byte[] Spaces(int count) => [.. Enumerable.Repeat((byte)' ', count)];

    private static byte[] Changed(byte[] file, int fromEnd)
    {
        byte[] changed = [.. file];
        changed[^-fromEnd] ^= 0x55;
        return changed;
    }

    private static byte[] Replaced(byte[] pickle, string old, string with) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(pickle).Replace(old, with, StringComparison.Ordinal));
}
