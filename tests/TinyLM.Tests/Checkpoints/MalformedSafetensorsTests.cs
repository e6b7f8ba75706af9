using System.Text;

namespace TinyLM.Tests.Checkpoints;

/// <summary>The malformed files that safetensors' own tests, its audit and its attack samples name; each costs one line.</summary>
public class MalformedSafetensorsTests
{
    private static readonly byte[] OneHeader = Encoding.UTF8.GetBytes(SafetensorsTests.One);

    private static IEnumerable<TestCaseData> Files()
    {
        yield return Case("an empty file", [], "it has 0 bytes");
        yield return Case("a file of 7 bytes", new byte[7], "it has 7 bytes");
        yield return Case("a header length past the end", SafetensorsTests.File(OneHeader, new byte[16], 1000), "claims a header of 1000 bytes");
        yield return Case("a header length of 100,000,001", SafetensorsTests.File(OneHeader, new byte[16], 100_000_001), "header of 100000001 bytes");
        yield return Case("a header length of 2^64 - 1", SafetensorsTests.File(OneHeader, new byte[16], ulong.MaxValue), "header of 18446744073709551615 bytes");
        yield return Case("a header length that is too short", SafetensorsTests.File(OneHeader, new byte[16], (ulong)OneHeader.Length - 5), "not valid JSON");
        yield return Case("a header length of 0", SafetensorsTests.File([], new byte[16]), "the header is empty");
        yield return Case("a file short by 2 bytes", SafetensorsTests.File(OneHeader, new byte[14]), "ends at 16, but only 14 bytes follow");
        yield return Case("bytes after the last tensor", SafetensorsTests.File(OneHeader, new byte[18]), "2 bytes follow the last tensor");
        yield return Case("a header that is not UTF-8", SafetensorsTests.File([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)'}'], []), "not UTF-8");
        yield return Header("a header that is not JSON", "{\"a\"", "not valid JSON");
        yield return Header("a header that is a list", "[]", "does not begin with '{'");
        yield return Header("spaces before the header", " " + SafetensorsTests.One, "does not begin with '{'");
        yield return Header("a byte order mark before the header", "\uFEFF" + SafetensorsTests.One, "does not begin with '{'");
        yield return Header("bytes after the header's object", SafetensorsTests.One + "x", "not valid JSON");
        yield return Header("a name twice", $"{{{Tensor("a", 0, 4)},{Tensor("a", 4, 8)}}}", "'a' appears twice", 8);
        yield return Header("a name twice, once escaped", $"{{{Tensor("a", 0, 4)},{Tensor("\\u0061", 4, 8)}}}", "'a' appears twice", 8);
        yield return Header("a name of half a surrogate pair", $"{{{Tensor("\\ud800", 0, 4)}}}", "not valid JSON", 4);
        yield return Header("a key twice", """{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "the key 'dtype' twice", 4);
        yield return Header("an unknown key", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", "'x' that no tensor has", 4);
        yield return Header("a missing key", """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", "lacks dtype, shape or", 4);
        yield return Header("one offset", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", "lacks dtype", 4);
        yield return Header("three offsets", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", "more than 2 numbers", 4);
        yield return Header("a tensor that is a number", """{"a":1}""", "'a' is not as it should be");
        yield return Header("offsets that overlap", $"{{{Tensor("a", 0, 4)},{Tensor("b", 2, 6)}}}", "begins at 2, expected 4", 6);
        yield return Header("two tensors on the same bytes", $"{{{Tensor("a", 0, 4)},{Tensor("b", 0, 4)}}}", "begins at 0, expected 4", 4);
        yield return Header("a hole", $"{{{Tensor("a", 0, 4)},{Tensor("b", 8, 12)}}}", "begins at 8, expected 4", 12);
        yield return Header("a hole at the start", $"{{{Tensor("a", 4, 8)}}}", "begins at 4, expected 0", 8);
        yield return Header("offsets that run backwards", $"{{{Tensor("a", 4, 0)}}}", "lies at 4 to 0", 4);
        yield return Header("a range that is not shape times size", """{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}}""", "takes 12 bytes", 4);
        yield return Header("a product that overflows", """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", "more than 64 bits");
        yield return Header("a size past 64 bits", """{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,0]}}""", "no whole number");
        yield return Header("a negative size", """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "no whole number", 4);
        yield return Header("a fractional size", """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "no whole number", 4);
        yield return Header("an unknown type", """{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", "unknown type 'F33'", 4);
        yield return Header("metadata that are no strings", """{"__metadata__":{"a":1}}""", "'__metadata__' is not as it should be");
        yield return Header("metadata twice", """{"__metadata__":{"a":"1","a":"2"}}""", "metadata has 'a' twice");
        yield return Header("very many dimensions", $$$"""{"a":{"dtype":"F32","shape":[{{{string.Join(',', Enumerable.Repeat("1", 50))}}}],"data_offsets":[0,4]}}""", "more than 16 numbers", 4);
        yield return Header("brackets in brackets", "{\"a\":" + new string('[', 100_000), "'a' is not as it should be");
        yield return Header("control characters in a name", $"{{{Tensor("x\\ny", 4, 8)}}}", "'x?y'", 8);
    }

    [TestCaseSource(nameof(Files))]
    public void It_is_refused_in_one_line(byte[] file, string expected) =>
        UserErrors.ExpectMistake(() => SafetensorsTests.Read(file), "model.safetensors", expected);

    [Test]
    public void A_zero_size_tensor_and_trailing_spaces_are_valid()
    {
        const string header = """{"z":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   """;
        using SafetensorsReader reader = SafetensorsTests.Read(SafetensorsTests.File(header, new byte[4]));
        Assert.That(reader.Find("z").Length, Is.Zero);
    }

    [TestCase(10_000, "begins at 0, expected 4")]
    [TestCase(100_000, "more than 20000 tensors")]
    public void Very_many_tensors_on_the_same_bytes_are_refused(int count, string expected)
    {
        string header = "{" + string.Join(',', Enumerable.Range(0, count).Select(i => Tensor($"t{i}", 0, 4))) + "}";
        UserErrors.ExpectMistake(() => SafetensorsTests.Read(SafetensorsTests.File(header, new byte[4])), expected);
    }

    [Test]
    public void A_header_of_very_many_tensors_is_refused_with_little_memory()
    {
        var header = new StringBuilder("{");
        for (int i = 0; i < 150_000; i++)
        {
            header.Append("\"t").Append(i).Append("\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},");
        }

        byte[] file = SafetensorsTests.File(header.Append("\"e\":{}}").ToString(), []);
        long before = GC.GetAllocatedBytesForCurrentThread();
        UserErrors.ExpectMistake(() => SafetensorsTests.Read(file), "more than 20000 tensors");
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(2L * file.Length));
    }

    private static string Tensor(string name, int start, int end) => $$"""
        "{{name}}":{"dtype":"F32","shape":[1],"data_offsets":[{{start}},{{end}}]}
        """;

    private static TestCaseData Case(string name, byte[] file, string expected) => new TestCaseData(file, expected).SetArgDisplayNames(name);

    private static TestCaseData Header(string name, string header, string expected, int dataLength = 0) =>
        Case(name, SafetensorsTests.File(header, new byte[dataLength]), expected);
}
