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

    /// <summary>
    /// A torch archive, packed with gzip, with <see cref="Pickle"/> and the entries of torch.save, in libtorch 2.10's own layout: numbers aligned by padding in front of them, sizes
    /// behind the content and in the directory only, a zip64 end. What made it makes archives that libtorch saved again, byte for byte.
    /// </summary>
    private const string LibtorchArchive =
        "H4sIAAAAAAACA52Vy27TQBSGJ3HiuObWphdaKnVRFhgKaZw0dgoCpAhlYypCUaWIjeXYk8Sqa2fsSatWQkJCWXTLA7Bg3TWVWCHUF2BNd6yKhHgFZpyLbCdNW0ayJpbn/OebOeefVBQmAQDHgaExA26CumnDPVhTdzVr1dCwlm"
        + "ltW+USD94Oxvv4OwSEKksCsLMNbQ/FdOy4ejOjtrFpebzqwlrbtAwVk4+Oq+7meRQXhGqKRHhkpdaAiOmF9N75LRvvt6DxpveKEtUYWZ1FySpDZr3VRqySxij1WgHKRAdxSqyDJg513bEsqGPTsT3+lWtAFxovTB3ziL+/ia51"
        + "c/Bt08aixKPrGN3YRDerPFE0HF31sOZiD926gD7Ho0lBaPaI+ZeO3RhgTvmYIko3WYXBaJriMR0005w4bFKEWYzmNtFt/7BqjqeaBprfqJxUJ+lRQKR6zXa9bkHVg9BAC8pKlet/MA8gurMR49qZipLifh8d/2mRVPSpnFu/RZ"
        + "AK1S9Td9wdDau70PXIEZVLDC2jSAWP/55+oOj0OV9wCeTDgr1yqZplNuwdaONyaTXQGpca0hoFeL6HzuIkRXwswCx4EgKo7WPo0DqXS/JV8/aHZWJsQcrQefprgVaGHcuQBo+HXLGaLZek/wSonMTIrisnDHkSIEmyU5afp0f7"
        + "aT/beJbMMItYLj24Aktfi+nNyd5MKb60zr7Pk9/zYymmwb0QxaC/7l4GI8/TTD8+NbYurv9yZL8Zf8MedE3SgQcaNT7x1NX2L0pyNl/MizlJkvLFYkHOrmfFXK4or60X1gtiPivJckGWfZt8xcozgXAIPmWMwg44g56cGSIfdY"
        + "9GFYImXAxFf4uBcU6OCgXNtBQSmoqDCxwc1QqaYjak9TGiNTBjVCLYy+mQxBwDRngpGh/swnD851HxYjQ+2FvToXghAUZ1blQgWPbl8BlEBEY3ZEVh2Yf9O5R5NIjmIvNKvDsXk30LsvRPEuip7nv3dk6y3RjOX99d+w9sHjgC"
        + "xQcAAA==";

    /// <summary>What torch.save of torch 1.13 (Debian's python3-torch) wrote, packed with gzip: as <see cref="Pickle"/>, but with tokens of int32.</summary>
    private const string TorchSaved =
        "H4sIAAAAAAACA32T0YrTQBSGJ0mbpqO2dV21gojILtt1d7tbBfG6SEHGxVgRgjehTaZN2JD0ZCYrCMLeVFi88gV8DB9AVvBW38JrfQBn2qQkWewJwxky559vzvyJSbQKQoaBLkULbaCJH9J3dHzojvioOzsJBv0GeluIM/UDoI6lCwGP"
         + "TmjIQHF4FDte1064HzBsx3Sc+IFrc7EYxfbpIwxqp2PVhIKJytGUgraU4Ochf718haFiKaLiCKqWJrIzS0AndQ61VwSR+hwMosyhfu44URBQh/tRyPDL2KUxdZ/5DseAd4dwhcPVIVyzsNjBjRyb8VHMGTQ8cQAvg76IwumK2lxQe9Dy"
         + "dKJxuC5p2hw2JO3GuSc33eRwcwi3Fi2PI2b7Ltw+Ni+slmyIgs28ZDIJqM0odaFN9iwjW/DfU7hzrBhJ1yQ14/P2pwdPBE0O878uNMSTd+HwaNDHOQ/MC4TkkVUx5FxLs9gOVcWQp5S0pz8eultivoXW0+4Xab1B/27J8WJkSi3N1TRL"
         + "5tfZ729tMW+vZTbR3op5SmMmrBz0d9ZCc/EYS9LPL9M3anYLRJFpxcrfc+sSvfyFl9X5e2sUlB8VVHKmrM33X9T+LWt7ZW2+o2ZB66mofF8m0fX9dPmedrAqrZTynzT/UjOTdPkbou+pe8riXVVfaiqL+mXtP67MzZgnBAAA";

    /// <summary>
    /// A Parquet file, packed with gzip, that Arrow's own writer made (25.0, the one in pyarrow): zstd, dictionaries, pages of the second version of which some are not compressed, nulls, a
    /// list column that nobody asks for; the five of <see cref="ArrowTexts"/> in each of two row groups.
    /// </summary>
    private const string ArrowFile =
        "H4sIAAAAAAACA91Uz2sTQRSenZ1uJ8seEpv32JEVtkKGLbTRliQUyUE9eNpDEY+lGGvQQJPGJFXxKEE89CieelFEFErpxYtH9dSzJ/+KnHITfLObbiMUf+LFZd/uzNv3fe+97w27duX6MgiI4FIMLrAzjEXvLnwNiy9YcllknM"
        + "wmE2TgUJS7bkLJ8vQ0ENt+eo0Ri4SzMfATFjGfshAqD/l18CjGoBwQBiXttzlLGuBVuBGTNwPO5yw2Q8DGnUarI2nR234QroQfXx2vK7QmgAeeqYUnrCKt5Ry3h+w/bEkVuPJNwYxeSeFcIfvezSZuobTLVY0JmX6fSbIqX2aJ"
        + "KIgvaC7/GW2AG1BDgw/wyIL6ZDnmsGrosWJ2Q5HFjEQWs+dkMSDUVpX5Tn/zbrPdAIfKKDGft26Xzsf7c2GBAFXuz3Z22reavT6p5sR14xO+2Gr1B8BTgGgNmu0TCHgl7otB8+GgxOKAHFhUi6quWUANVJmTVyYFeOjiI9y19I"
        + "aWQSpOqgWyaGpXKDC1aEZlsjGaGp0uPMxBET87UGZTrKvHhSbFJUVREg9vYk8fWfqZFaSMkywimtqdkqW+kI2D4accID6ehctJQm/SRtJk0shzC99Yesz1Ex7UeJSNbDLE0+ixohxlhsnwSw4C/GDYccTR1RJf2+wHig2FPrB/"
        + "V7Nx0oL8dc1GQr8Xf6HZrksJD+VPNNtz9P7MH2j20iXNRjLT7MA2okVht9G7t9McLG12u0uNnuG8T+21tjvhSrV8sbys6nQk0zv5S63RL/ob9ZRFJqcFAAA=";

    /// <summary>Those that go with <see cref="Pickle"/>.</summary>
    public static readonly ushort[] Tokens = [50256, 1, 2, 50256, 3, 50256, 4, 5, 6];
    public static readonly long[] Starts = [0, 3, 5];

    /// <summary>The column text of <see cref="ParquetOfArrow"/>, a null as nothing.</summary>
    public static readonly string[] ArrowTexts = ["again", "", "row 2 ä", "again", "row 4 ä"];

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

    /// <summary>The archive of <see cref="Tokens"/> and <see cref="Starts"/>, laid out as libtorch does.</summary>
    public static byte[] TorchAsLibtorch() => Unpack(LibtorchArchive);

    /// <summary>The archive of <see cref="Tokens"/> and <see cref="Starts"/> that torch.save wrote.</summary>
    public static byte[] TorchAsSaved() => Unpack(TorchSaved);

    /// <summary>A Parquet file of the columns id, numbers and text, as Arrow writes it.</summary>
    public static byte[] ParquetOfArrow() => Unpack(ArrowFile);

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

    private static byte[] Unpack(string packed)
    {
        using var gzip = new GZipStream(new MemoryStream(Convert.FromBase64String(packed)), CompressionMode.Decompress);
        var file = new MemoryStream();
        gzip.CopyTo(file);
        return file.ToArray();
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
