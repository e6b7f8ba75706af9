using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace TinyLM.Tests.Reporting;

public class TensorBoardTests
{
    /// <summary>The check value of the catalogue of CRCs, and the vectors of RFC 3720, B.4.</summary>
    [TestCase("313233343536373839", 0xE3069283u)]
    [TestCase("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AAu)]
    [TestCase("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43u)]
    [TestCase("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794Eu)]
    public void The_checksum_is_CRC_32C(string bytes, uint expected) => Assert.That(RecordFile.Checksum(Convert.FromHexString(bytes)), Is.EqualTo(expected));

    /// <summary>TensorFlow's event files all begin with a record of 24 bytes, whose head is known.</summary>
    [Test]
    public void A_file_begins_as_TensorFlow_s_do()
    {
        using var folder = new TemporaryFolder();
        byte[] file = Write(folder, lastStep: 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Convert.ToHexString(file[..12]), Is.EqualTo("1800000000000000A37F4B22"));
            Assert.That(Encoding.ASCII.GetString(file[12..36]), Does.EndWith("\u001a\u000dbrain.Event:2"));
            Assert.That(Path.GetFileName(Directory.GetFiles(folder.Path).Single()), Does.Match(@"^events\.out\.tfevents\.\d{10}\."));
        }
    }

    [Test]
    public void Every_step_is_an_event_of_its_scalars()
    {
        using var folder = new TemporaryFolder();
        StepMetrics step = RunHistoryTests.Metrics(7) with
        {
            Loss = 1.25,
            ValidationLoss = 1.5,
            Sample = "so\nit is",
            LayerNorms = new Dictionary<string, double> { ["blocks.0"] = 0.75 },
        };
        (long Step, Dictionary<string, float> Scalars, string? Sample)[] events = [.. Records(Write(folder, 0, step, RunHistoryTests.Metrics(8))).Skip(1).Select(Decode)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(events.Select(entry => entry.Step), Is.EqualTo(new[] { 7, 8 }));
            Assert.That(events[0].Scalars, Is.EqualTo(new Dictionary<string, float>
            {
                ["loss/training"] = 1.25f,
                ["loss/validation"] = 1.5f,
                ["training/learning rate"] = 0.001f,
                ["training/gradient norm"] = 0.5f,
                ["training/tokens per second"] = 1000,
                ["gradient norm/blocks.0"] = 0.75f,
            }));
            Assert.That(events[0].Sample, Is.EqualTo("    so\n    it is"));
            Assert.That((events[1].Scalars.Count, events[1].Sample), Is.EqualTo((4, (string?)null)));
        }
    }

    [Test]
    public void A_resumed_run_begins_another_file_that_takes_back_the_steps_to_come()
    {
        using var folder = new TemporaryFolder();
        Write(folder, 0, RunHistoryTests.Metrics(1), RunHistoryTests.Metrics(2));
        byte[] second = Write(folder, 1, RunHistoryTests.Metrics(2));
        CodedInputStream session = new(Records(second).ElementAt(1));
        long step = 0;
        string log = "";
        while (session.ReadTag() is var tag and not 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 2:
                    step = session.ReadInt64();
                    break;
                case 7:
                    log = Convert.ToHexString(session.ReadBytes().ToByteArray());
                    break;
                default:
                    session.SkipLastField();
                    break;
            }
        }

        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(2));
        Assert.That((step, log), Is.EqualTo((2L, "0801")), "SessionLog.status = START, at the first step to come");
    }

    /// <summary>The file that a log leaves with these steps.</summary>
    private static byte[] Write(TemporaryFolder folder, long lastStep, params StepMetrics[] steps)
    {
        string[] before = Directory.GetFiles(folder.Path);
        using (var log = new TensorBoardLog(folder.Path, lastStep))
        {
            Array.ForEach(steps, log.Add);
        }

        return File.ReadAllBytes(Directory.GetFiles(folder.Path).Except(before).Single());
    }

    /// <summary>The records of a file, whose checksums are checked.</summary>
    private static IEnumerable<byte[]> Records(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            byte[] record = file[(at + 12)..(at + 12 + length)];
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)), Is.EqualTo(RecordFile.MaskedChecksum(file.AsSpan(at, 8))));
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)), Is.EqualTo(RecordFile.MaskedChecksum(record)));
            yield return record;
            at += length + 16;
        }
    }

    private static (long Step, Dictionary<string, float> Scalars, string? Sample) Decode(byte[] record)
    {
        var input = new CodedInputStream(record);
        long step = 0;
        string? sample = null;
        var scalars = new Dictionary<string, float>();
        while (input.ReadTag() is var tag and not 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 2:
                    step = input.ReadInt64();
                    break;
                case 5:
                    var summary = new CodedInputStream(input.ReadBytes().ToByteArray());
                    while (summary.ReadTag() != 0)
                    {
                        DecodeValue(summary.ReadBytes().ToByteArray(), scalars, ref sample);
                    }

                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return (step, scalars, sample);
    }

    private static void DecodeValue(byte[] value, Dictionary<string, float> scalars, ref string? sample)
    {
        var input = new CodedInputStream(value);
        string name = "";
        while (input.ReadTag() is var tag and not 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    name = input.ReadString();
                    break;
                case 2:
                    scalars[name] = input.ReadFloat();
                    break;
                case 8:
                    var tensor = new CodedInputStream(input.ReadBytes().ToByteArray());
                    tensor.ReadTag();
                    Assert.That(tensor.ReadInt32(), Is.EqualTo(7), "DT_STRING");
                    tensor.ReadTag();
                    sample = tensor.ReadString();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }
}
