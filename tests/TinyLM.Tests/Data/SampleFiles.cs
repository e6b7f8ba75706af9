using System.IO.Compression;
using System.Runtime.InteropServices;
using Parquet;
using Parquet.Schema;
using ZstdSharp;

namespace TinyLM.Tests.Data;

/// <summary>Small files of every format that a corpus may come in.</summary>
internal static class SampleFiles
{
    /// <summary>data.pkl as Python's pickle writes it for torch.save: 9 tokens of uint16, 3 doc_starts of int64, bos_id 50256.</summary>
    public const string Pickle =
        "gAJ9cQAoWAYAAAB0b2tlbnNxAWN0b3JjaC5fdXRpbHMKX3JlYnVpbGRfdGVuc29yX3YzCnECKChYBwAAAHN0b3JhZ2VxA2N0b3JjaC5zdG9yYWdlClVudHlwZWRTdG9yYWdlCnEEWAEAAAAwcQVYAwAAAGNwdXEGSxJ0cQdRSwBL"
        + "CYVxCEsBhXEJiWNjb2xsZWN0aW9ucwpPcmRlcmVkRGljdApxCilScQtjdG9yY2gKdWludDE2CnEMdHENUnEOWAoAAABkb2Nfc3RhcnRzcQ9jdG9yY2guX3V0aWxzCl9yZWJ1aWxkX3RlbnNvcl92MgpxECgoaANjdG9yY2gKTG9u"
        + "Z1N0b3JhZ2UKcRFYAQAAADFxEmgGSwN0cRNRSwBLA4VxFGgJiWgKKVJxFXRxFlJxF1gGAAAAYm9zX2lkcRhNUMRYEAAAAHNlcV9zaHVmZmxlX3NlZWRxGUsrWAgAAABzZXFfc2l6ZXEaTQEIdS4=";

    /// <summary>Those that go with <see cref="Pickle"/>.</summary>
    public static readonly ushort[] Tokens = [50256, 1, 2, 50256, 3, 50256, 4, 5, 6];
    public static readonly long[] Starts = [0, 3, 5];

    public static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }

    public static byte[] Zstd(byte[] content)
    {
        using var compressor = new Compressor();
        return compressor.Wrap(content).ToArray();
    }

    /// <summary>A shard of llm.c: magic, version, count, 256 int32 in all, and the ids.</summary>
    public static byte[] Shard(ushort[] ids, int magic = 20240520, int version = 1, int? count = null)
    {
        var header = new int[256];
        (header[0], header[1], header[2]) = (magic, version, count ?? ids.Length);
        return [.. MemoryMarshal.AsBytes<int>(header), .. MemoryMarshal.AsBytes<ushort>(ids)];
    }

    public static byte[] Torch(ushort[] tokens, long[] starts, byte[]? pickle = null, string byteOrder = "little", string? without = null, CompressionLevel level = CompressionLevel.NoCompression)
    {
        var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create))
        {
            Add("fineweb/data.pkl", pickle ?? Convert.FromBase64String(Pickle));
            Add("fineweb/byteorder", System.Text.Encoding.ASCII.GetBytes(byteOrder));
            Add("fineweb/data/0", MemoryMarshal.AsBytes<ushort>(tokens));
            Add("fineweb/data/1", MemoryMarshal.AsBytes<long>(starts));

            void Add(string name, ReadOnlySpan<byte> content)
            {
                if (name != without)
                {
                    using Stream stream = archive.CreateEntry(name, level).Open();
                    stream.Write(content);
                }
            }
        }

        return file.ToArray();
    }

    /// <summary>A Parquet file of the columns id and text, a row group for each of the arrays.</summary>
    public static byte[] Parquet(CompressionMethod packing, params string?[][] groups)
    {
        DataField id = new DataField<int>("id"), text = new("text", typeof(string), isNullable: true);
        return Write(new ParquetSchema(id, text), packing, groups, (writer, group) =>
        {
            writer.WriteAsync(id, (ReadOnlyMemory<int>)Enumerable.Range(0, group.Length).ToArray()).GetAwaiter().GetResult();
            writer.WriteAsync(text, group!).GetAwaiter().GetResult();
        });
    }

    /// <summary>As <see cref="Parquet"/>, but the text of each row is a list of one.</summary>
    public static byte[] NestedParquet(params string[] rows)
    {
        var item = new DataField<string>("element");
        var schema = new ParquetSchema(new DataField<int>("id"), new ListField("text", item));
        return Write(schema, CompressionMethod.None, [rows], (writer, group) =>
        {
            writer.WriteAsync(schema.DataFields[0], (ReadOnlyMemory<int>)Enumerable.Range(0, group.Length).ToArray()).GetAwaiter().GetResult();
            writer.WriteAsync(schema.DataFields[1], group!, (ReadOnlyMemory<int>)new int[group.Length]).GetAwaiter().GetResult();
        });
    }

    private static byte[] Write(ParquetSchema schema, CompressionMethod packing, string?[][] groups, Action<ParquetRowGroupWriter, string?[]> write)
    {
        var file = new MemoryStream();
        ParquetWriter writer = ParquetWriter.CreateAsync(schema, file, new ParquetOptions { CompressionMethod = packing }).GetAwaiter().GetResult();
        foreach (string?[] group in groups)
        {
            using ParquetRowGroupWriter rows = writer.CreateRowGroup();
            write(rows, group);
        }

        writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return file.ToArray();
    }
}
