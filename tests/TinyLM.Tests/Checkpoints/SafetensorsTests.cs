using System.Buffers.Binary;
using System.Text;

namespace TinyLM.Tests.Checkpoints;

public class SafetensorsTests
{
    [Test]
    public void Tensors_survive_the_way_there_and_back()
    {
        var stream = new MemoryStream();
        SafetensorsWriter.Save(
            stream,
            [
                new("wte", [2, 3], values => new[] { 1f, -2f, float.NaN, float.MaxValue, -0f, 6f }.CopyTo(values)),
                new("empty", [0, 5], values => Assert.That(values.Length, Is.Zero)),
                new("scalar", [], values => values[0] = 7),
            ],
            new Dictionary<string, string> { ["step"] = "12" });
        using var reader = new SafetensorsReader(stream, "model");
        var values = new float[6];
        reader.Read("wte", [2, 3], values);
        var scalar = new float[1];
        reader.Read("scalar", [], scalar);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(values.Select(BitConverter.SingleToInt32Bits), Is.EqualTo(
                new[] { 1f, -2f, float.NaN, float.MaxValue, -0f, 6f }.Select(BitConverter.SingleToInt32Bits)));
            Assert.That(scalar[0], Is.EqualTo(7));
            Assert.That(reader.Entries.Select(entry => entry.ToString()), Is.EqualTo(new[] { "wte F32 [2, 3]", "empty F32 [0, 5]", "scalar F32 []" }));
            Assert.That(reader.Metadata["step"], Is.EqualTo("12"));
            Assert.That(reader.Contains("wte") && !reader.Contains("wpe"), Is.True);
            reader.Read(reader.Find("empty"), Array.Empty<float>());
        }
    }

    [Test]
    public void Longs_and_bytes_and_parts_survive_too()
    {
        var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream);
        writer.Declare("counts", SafetensorsType.I64, 2);
        writer.Declare("bytes", SafetensorsType.U8, 3);
        writer.Declare("floats", SafetensorsType.F32, 2, 2);
        writer.Write([long.MinValue, 5L]);
        writer.Write([1, 2, (byte)3]);
        writer.Write([1f]);
        writer.Write([2f, 3f, 4f]);
        writer.Complete();
        using var reader = new SafetensorsReader(stream, "model");
        var longs = new long[2];
        var bytes = new byte[3];
        var floats = new float[4];
        reader.Read(reader.Find("counts"), longs);
        reader.Read(reader.Find("bytes"), bytes);
        reader.Read(reader.Find("floats"), floats);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(longs, Is.EqualTo(new[] { long.MinValue, 5L }));
            Assert.That(bytes, Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(floats, Is.EqualTo(new[] { 1f, 2f, 3f, 4f }));
            UserErrors.ExpectMistake(() => reader.Read(reader.Find("bytes"), new float[3]), "bytes U8 [3] has the wrong type, expected F32");
            UserErrors.ExpectMistake(() => reader.Read(reader.Find("floats"), new long[4]), "expected I64");
        }
    }

    [Test]
    public void Half_precision_is_widened()
    {
        byte[] file = File("""{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]}}""",
            [0x00, 0x3C, 0x00, 0xC0, 0xC0, 0x3F]);
        using SafetensorsReader reader = Read(file);
        float[] halves = new float[2], brain = new float[1];
        reader.Read("h", [2], halves);
        reader.Read("b", [1], brain);
        Assert.That(halves, Is.EqualTo(new[] { 1f, -2f }));
        Assert.That(brain, Is.EqualTo(new[] { 1.5f }));
    }

    [Test]
    public void A_tensor_of_another_name_or_shape_is_refused()
    {
        using SafetensorsReader reader = Read(File(One, new byte[16]));
        using (Assert.EnterMultipleScope())
        {
            UserErrors.ExpectMistake(() => reader.Find("b"), "has no tensor 'b'", "such as 'a'");
            UserErrors.ExpectMistake(() => reader.Read("a", [4], new float[4]), "a F32 [2, 2], expected the shape [4]");
            Assert.That(() => reader.Read(reader.Find("a"), new float[3]), Throws.ArgumentException.With.Message.Contains("3 values"));
        }
    }

    [Test]
    public void The_writer_refuses_what_no_reader_takes()
    {
        var writer = new SafetensorsWriter(new MemoryStream());
        writer.Declare("a", SafetensorsType.F32, 2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => writer.Declare("a", SafetensorsType.F32, 2), Throws.ArgumentException.With.Message.Contains("'a' is taken"));
            Assert.That(() => writer.Declare("__metadata__", SafetensorsType.F32, 2), Throws.ArgumentException);
            Assert.That(() => writer.Declare("b", SafetensorsType.F32, -1), Throws.ArgumentException);
            Assert.That(() => writer.Declare("b\uD83D", SafetensorsType.F32, 1), Throws.ArgumentException.With.Message.Contains("half of a surrogate pair (U+D83D)"));
            Assert.That(() => writer.Declare("b", SafetensorsType.F32, 1L << 40, 1L << 40), Throws.ArgumentException);
            Assert.That(() => writer.Write([1f, 2f, 3f]), Throws.ArgumentException.With.Message.Contains("takes 8 more"));
            Assert.That(() => writer.Write([1L]), Throws.ArgumentException);
            Assert.That(writer.Complete, Throws.InvalidOperationException.With.Message.Contains("'a' was declared but not written"));
            Assert.That(() => writer.Declare("b", SafetensorsType.F32, 1), Throws.InvalidOperationException);
        }
    }

    [Test]
    public void Metadata_that_UTF8_cannot_hold_is_refused()
    {
        foreach (var (key, value) in new[] { ("a\uD83D", "b"), ("a", "\uDE00b") })
        {
            var writer = new SafetensorsWriter(new MemoryStream()) { Metadata = { [key] = value } };
            Assert.That(writer.Complete, Throws.ArgumentException.With.Message.Contains("half of a surrogate pair"));
        }
    }

    [Test]
    public void A_file_that_is_open_may_be_replaced()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("model.safetensors");
        AtomicFile.Write(path, stream => SafetensorsWriter.Save(stream, [new("a", [1], values => values[0] = 1)]));
        using SafetensorsReader old = SafetensorsReader.Open(path);
        AtomicFile.Write(path, stream => SafetensorsWriter.Save(stream, [new("a", [1], values => values[0] = 2)]));
        using SafetensorsReader replaced = SafetensorsReader.Open(path);
        float[] first = new float[1], second = new float[1];
        old.Read("a", [1], first);
        replaced.Read("a", [1], second);
        Assert.That((first[0], second[0]), Is.EqualTo((1f, 2f)));
    }

    [Test]
    public void A_missing_file_costs_one_line() => UserErrors.ExpectMistake(() => SafetensorsReader.Open("/absent/model.safetensors"), "no such file");

    internal const string One = """{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}""";

    internal static byte[] File(string header, byte[] data) => File(Encoding.UTF8.GetBytes(header), data);

    internal static byte[] File(byte[] header, byte[] data, ulong? length = null)
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, length ?? (ulong)header.Length);
        return [.. prefix, .. header, .. data];
    }

    internal static SafetensorsReader Read(byte[] file) => new(new MemoryStream(file), "model.safetensors");
}
