using Parquet.Meta;
using ZstdSharp;

namespace TinyLM;

/// <summary>Looks at what the pages of a Parquet column claim, for the library believes it: memory is set aside for whatever length a page tells.</summary>
internal static class ParquetPages
{
    /// <param name="stream">The file.</param>
    /// <param name="chunk">The column in a row group.</param>
    /// <param name="most">The most bytes that its pages may unpack to.</param>
    /// <param name="place">What messages call it.</param>
    /// <exception cref="UserException">A length is negative, past the end or too large.</exception>
    public static void Check(StrictStream stream, ColumnMetaData chunk, long most, string place)
    {
        long offset = new[] { chunk.DictionaryPageOffset ?? 0, chunk.DataPageOffset, chunk.IndexPageOffset ?? 0 }.Where(start => start != 0).DefaultIfEmpty().Min();
        long unpacked = 0;
        for (long values = 0; values < chunk.NumValues;)
        {
            stream.Position = offset;
            PageHeader page = ParquetThrift.Read<PageHeader>(stream);
            int inPage = page.DataPageHeader?.NumValues ?? page.DataPageHeaderV2?.NumValues ?? 0, inDictionary = page.DictionaryPageHeader?.NumValues ?? 0;
            offset = stream.Position + page.CompressedPageSize;
            bool isSound = page.CompressedPageSize >= 0 && offset <= stream.Length && page.UncompressedPageSize >= 0 && inPage >= 0 && inDictionary >= 0
                && inDictionary <= most / sizeof(int);
            unpacked += isSound ? Math.Max(page.UncompressedPageSize, UnpackedLength(stream, page, chunk.Codec)) : 0;
            if (!isSound || unpacked > most)
            {
                throw new UserException(
                    $"{place}: a page of '{string.Join('.', chunk.PathInSchema)}' claims {inPage + inDictionary} values in {page.CompressedPageSize} bytes, {page.UncompressedPageSize} unpacked; it is damaged, or has more than {most} in all.");
            }

            values += inPage;
        }
    }

    /// <summary>What packed data says of its own length; 0 where it says nothing.</summary>
    private static long UnpackedLength(StrictStream stream, PageHeader page, CompressionCodec codec)
    {
        if (codec is not (CompressionCodec.SNAPPY or CompressionCodec.ZSTD) || page.DataPageHeaderV2 is { IsCompressed: false })
        {
            return 0;
        }

        int levels = page.DataPageHeaderV2 is { } second ? second.DefinitionLevelsByteLength + second.RepetitionLevelsByteLength : 0;
        if (levels < 0 || levels >= page.CompressedPageSize)
        {
            return 0;
        }

        var packed = new byte[page.CompressedPageSize - levels];
        stream.Position += levels;
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
