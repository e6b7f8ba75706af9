using System.Runtime.InteropServices;
using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>Files of random names, types, shapes and values.</summary>
[Category("Properties")]
public class SafetensorsProperties
{
    private static readonly Gen<Entry> Entries = Gen.Select(
        TokenizerProperties.Text, Gen.OneOf(SafetensorsType.F32, SafetensorsType.I64, SafetensorsType.U8), Gen.Int[0, 4].Array[0, 4], Gen.Int[0, 99],
        (name, type, shape, seed) => new Entry(name, type, [.. shape.Select(size => (long)size)], seed));

    private static readonly Gen<(string Key, string Value)> Facts = Gen.Select(TokenizerProperties.Text, TokenizerProperties.Text);

    [Test]
    public void Tensors_and_facts_survive_the_way_there_and_back() =>
        Property.Holds("host", 200, Gen.Select(Entries.Array[0, 6], Facts.Array[0, 3]), draw =>
        {
            Entry[] entries = [.. draw.Item1.DistinctBy(entry => entry.Name)];
            Dictionary<string, string> facts = draw.Item2.DistinctBy(fact => fact.Key).ToDictionary(fact => fact.Key, fact => fact.Value);
            using SafetensorsReader reader = new(Written(entries, facts), "model");
            Assert.That(reader.Entries.Select(entry => (entry.Name, entry.Type)), Is.EqualTo(entries.Select(entry => (entry.Name, entry.Type))));
            Assert.That(reader.Metadata, Is.EquivalentTo(facts));
            foreach (Entry entry in entries)
            {
                SafetensorsEntry found = reader.Find(entry.Name);
                Assert.That(found.Shape, Is.EqualTo(entry.Shape));
                Assert.That(Read(reader, found), Is.EqualTo(entry.Bytes()));
            }
        });

    /// <summary>Of such a file no cut is taken for a whole one.</summary>
    [Test]
    public void A_file_that_is_cut_short_is_refused() =>
        Property.Holds("host", 200, Gen.Select(Entries.Array[1, 3], Gen.Int[0, 999]), draw =>
        {
            var (entries, place) = draw;
            byte[] file = Written([.. entries.DistinctBy(entry => entry.Name)], []).ToArray();
            Assert.That(
                () => new SafetensorsReader(new MemoryStream(file[..(place * file.Length / 1000)]), "model"), Throws.TypeOf<UserException>().With.Message.Contains("safetensors"));
        });

    /// <summary>UTF-8 cannot hold it: the reader would find another name.</summary>
    [Test]
    public void A_name_with_half_a_surrogate_pair_is_refused() =>
        Property.Holds("host", 100, Gen.OneOf(Gen.Char['a', 'c'], Gen.Char['\uD800', '\uDFFF']).Array[0, 4].Select(characters => new string(characters)), name =>
        {
            var writer = new SafetensorsWriter(new MemoryStream());
            Assert.That(() => writer.Declare(name, SafetensorsType.F32, 1), TokenizerProperties.IsWhole(name) ? Throws.Nothing : Throws.ArgumentException);
        });

    private static MemoryStream Written(Entry[] entries, Dictionary<string, string> facts)
    {
        var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream);
        foreach (var (key, value) in facts)
        {
            writer.Metadata.Add(key, value);
        }

        foreach (Entry entry in entries)
        {
            writer.Declare(entry.Name, entry.Type, entry.Shape);
        }

        foreach (Entry entry in entries)
        {
            byte[] bytes = entry.Bytes();
            switch (entry.Type)
            {
                case SafetensorsType.F32:
                    writer.Write(MemoryMarshal.Cast<byte, float>(bytes));
                    break;
                case SafetensorsType.I64:
                    writer.Write(MemoryMarshal.Cast<byte, long>(bytes));
                    break;
                default:
                    writer.Write(bytes);
                    break;
            }
        }

        writer.Complete();
        return stream;
    }

    private static byte[] Read(SafetensorsReader reader, SafetensorsEntry entry)
    {
        var bytes = new byte[entry.Length * SafetensorsEntry.SizeOf(entry.Type)];
        switch (entry.Type)
        {
            case SafetensorsType.F32:
                reader.Read(entry, MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
                break;
            case SafetensorsType.I64:
                reader.Read(entry, MemoryMarshal.Cast<byte, long>(bytes.AsSpan()));
                break;
            default:
                reader.Read(entry, bytes);
                break;
        }

        return bytes;
    }

    private sealed record Entry(string Name, SafetensorsType Type, long[] Shape, int Seed)
    {
        /// <summary>Any bits at all: NaNs of every kind.</summary>
        public byte[] Bytes()
        {
            var bytes = new byte[Shape.Aggregate(1L, (product, size) => product * size) * SafetensorsEntry.SizeOf(Type)];
            new Random(Seed).NextBytes(bytes);
            return bytes;
        }

        public override string ToString() => $"'{Name}' {Type} [{string.Join(", ", Shape)}] of seed {Seed}";
    }
}
