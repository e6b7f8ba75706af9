using Parquet.Meta;
using ZstdSharp;

namespace TinyLM;

/// <summary>Looks at what the pages of a Parquet column claim, for the library believes it: memory is set aside for whatever length a page tells.</summary>
internal static class ParquetPages
{
    /// <summary>The most that a byte may unpack to, by the codec's format; Brotli's has no such limit.</summary>
    private static readonly Dictionary<CompressionCodec, long> LargestRatios = new()
    {
        [CompressionCodec.UNCOMPRESSED] = 1,
        [CompressionCodec.SNAPPY] = 22,
        [CompressionCodec.LZ4] = 255,
        [CompressionCodec.LZ4_RAW] = 255,
        [CompressionCodec.GZIP] = 1032,
        [CompressionCodec.ZSTD] = 1 << 15,
    };

    /// <param name="stream">The file.</param>
    /// <param name="chunk">The column in a row group.</param>
    /// <param name="most">The most bytes that its pages may unpack to.</param>
    /// <param name="place">What messages call it.</param>
    /// <returns>Where its last page ends.</returns>
    /// <exception cref="UserException">A length is negative, past the end or too large.</exception>
    public static long Check(StrictStream stream, ColumnMetaData chunk, long most, string place)
    {
        long offset = new[] { chunk.DictionaryPageOffset ?? 0, chunk.DataPageOffset, chunk.IndexPageOffset ?? 0 }.Where(start => start != 0).DefaultIfEmpty().Min();
        long unpacked = 0;
        for (long values = 0; values < chunk.NumValues;)
        {
            stream.Position = offset;
            var page = ParquetPage.Read(stream);
            offset = stream.Position + page.PackedSize;
            bool isSound = page.PackedSize >= 0 && offset <= stream.Length && page.UnpackedSize >= 0 && page.Values >= 0 && page.Nulls >= 0 && page.Nulls <= page.Values;
            long size = isSound ? Math.Max(page.UnpackedSize, UnpackedLength(stream, page, chunk.Codec)) : 0;
            unpacked += size;
            isSound &= unpacked <= most && size <= LargestRatios.GetValueOrDefault(chunk.Codec, most) * page.PackedSize;
            isSound &= page.IsDictionary ? page.Values <= size / sizeof(int) : page.Values <= chunk.NumValues - values;
            if (!isSound)
            {
                throw new UserException(
                    $"{place}: a page of '{string.Join('.', chunk.PathInSchema)}' claims {page.Values} values in {page.PackedSize} bytes, {Math.Max(size, page.UnpackedSize)} unpacked; it is damaged, or has more than {most} in all.");
            }

            values += page.IsDictionary ? 0 : page.Values;
        }

        return offset;
    }

    /// <summary>What packed data says of its own length; 0 where it says nothing.</summary>
    private static long UnpackedLength(StrictStream stream, ParquetPage page, CompressionCodec codec)
    {
        if (codec is not (CompressionCodec.SNAPPY or CompressionCodec.ZSTD) || !page.IsPacked || page.LevelBytes < 0 || page.LevelBytes >= page.PackedSize)
        {
            return 0;
        }

        var packed = new byte[page.PackedSize - page.LevelBytes];
        stream.Position += page.LevelBytes;
        stream.ReadExactly(packed);
        if (codec == CompressionCodec.ZSTD)
        {
            return (long)Math.Min(Decompressor.GetDecompressedSize(packed), long.MaxValue);
        }

        long length = 0;
        for (int i = 0; i < Math.Min(5, packed.Length); i++)
        {
            length |= (packed[i] & 0x7FL) << (7 * i);
            if (packed[i] < 0x80)
            {
                break;
            }
        }

        return length;
    }
}
