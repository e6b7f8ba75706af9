using Parquet.Meta;

namespace TinyLM;

/// <summary>What the header of a page of a Parquet column claims.</summary>
/// <param name="IsDictionary">Whether its values are those that other pages refer to.</param>
/// <param name="PackedSize">Bytes in the file.</param>
/// <param name="UnpackedSize">Bytes of its content.</param>
/// <param name="Values">How many values, nulls included.</param>
/// <param name="Nulls">How many of them are nulls; 0 where it does not say.</param>
/// <param name="LevelBytes">How many bytes, which are never packed, are in front of the values.</param>
/// <param name="IsPacked">Whether the rest is packed.</param>
internal readonly record struct ParquetPage(bool IsDictionary, long PackedSize, long UnpackedSize, long Values, long Nulls, long LevelBytes, bool IsPacked)
{
    /// <summary>Reads a header and leaves the stream behind it.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or that of a page that holds no values.</exception>
    public static ParquetPage Read(StrictStream stream)
    {
        IReadOnlyDictionary<string, long> numbers = ParquetThrift.Read(stream, "PageHeader");
        return (PageType)Number("1") switch
        {
            PageType.DATA_PAGE => new ParquetPage(false, Number("3"), Number("2"), Number("5.1"), 0, 0, true),
            PageType.DICTIONARY_PAGE => new ParquetPage(true, Number("3"), Number("2"), Number("7.1"), 0, 0, true),
            PageType.DATA_PAGE_V2 => new ParquetPage(false, Number("3"), Number("2"), Number("8.1"), Number("8.2"), Number("8.5") + Number("8.6"), numbers.GetValueOrDefault("8.7", 1) == 1),
            PageType other => throw new InvalidDataException($"a page is of the type {other}, expected data or a dictionary."),
        };

        long Number(string path) => numbers.TryGetValue(path, out long number) ? number : throw new InvalidDataException($"the header of a page lacks the field {path}.");
    }
}
