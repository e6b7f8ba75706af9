using Parquet;
using Parquet.Meta;
using Parquet.Schema;

namespace TinyLM;

/// <summary>
/// A column of strings of a Parquet file, a row a document, a row group at a time: what Hugging Face data sets come in. Rows without text are left out.
/// </summary>
/// <param name="fieldName">The column's name.</param>
internal sealed class ParquetFormat(string fieldName) : DocumentFormat
{
    /// <summary>A row group's column is held in memory, packed and unpacked.</summary>
    private const long LargestChunk = 1 << 28;
    private const long MostRows = 1 << 24;
    private const int LargestFooter = 1 << 26;

    public override string Identity => $"parquet {fieldName}";

    public override IReadOnlyList<string> Patterns => ["*.parquet"];

    public override IEnumerable<Document> Read(InputFile file)
    {
        CheckFooter(file);
        var stream = new StrictStream(file.Raw);
        ParquetReader reader = Try(file, () => ParquetReader.CreateAsync(stream).GetAwaiter().GetResult());
        DataField column = Try(file, () => FindColumn(reader, file.Path));
        long row = 0;
        for (int group = 0; group < reader.RowGroupCount; group++)
        {
            int index = group;
            foreach (string? text in Try(file, () => ReadGroup(reader.OpenRowGroupReader(index), stream, column, $"{file.Path}: row group {index}")))
            {
                yield return new Document($"{file.Name}:{++row}", text ?? "");
            }
        }
    }

    private static string?[] ReadGroup(ParquetRowGroupReader group, StrictStream stream, DataField column, string place)
    {
        ColumnMetaData chunk = group.GetMetadata(column)?.MetaData ?? throw new UserException($"{place} lacks the column '{column.Name}'.");
        if (chunk.TotalUncompressedSize is < 0 or > LargestChunk || chunk.TotalCompressedSize is < 0 or > LargestChunk)
        {
            throw new UserException(
                $"{place}: its column '{column.Name}' has {chunk.TotalUncompressedSize} bytes, at most {LargestChunk} are read at once; write the file with smaller row groups.");
        }

        if (group.RowCount is < 0 or > MostRows || chunk.NumValues != group.RowCount)
        {
            throw new UserException(
                $"{place} claims {group.RowCount} rows and {chunk.NumValues} values of '{column.Name}'; expected as many of each, at most {MostRows}.");
        }

        stream.End = long.MaxValue;
        stream.End = ParquetPages.Check(stream, chunk, LargestChunk, place);
        var texts = new string?[group.RowCount];
        group.ReadAsync(column, texts.AsMemory()).AsTask().GetAwaiter().GetResult();
        return texts;
    }

    private DataField FindColumn(ParquetReader reader, string path)
    {
        Field? found = reader.Schema.Fields.FirstOrDefault(candidate => candidate.Name == fieldName);
        string known = string.Join(", ", reader.Schema.Fields.Select(candidate => candidate.Name));
        return found switch
        {
            null => throw new UserException($"{path}: has no column '{fieldName}', only {known}; name the one that holds the text."),
            DataField { IsArray: false } data when data.ClrType == typeof(ReadOnlyMemory<char>) || data.ClrType == typeof(string) => data,
            DataField { IsArray: false } data => throw new UserException($"{path}: the column '{fieldName}' holds {data.ClrType.Name}, expected text; it has {known}."),
            _ => throw new UserException($"{path}: the column '{fieldName}' is nested (a list, a map or a structure), expected one text a row; it has {known}."),
        };
    }

    /// <summary>A lying length must not be believed before memory is set aside.</summary>
    private static void CheckFooter(InputFile file)
    {
        Stream stream = file.Raw;
        const int Ends = 12;
        Span<byte> tail = stackalloc byte[8];
        if (stream.Length >= Ends)
        {
            stream.Position = stream.Length - tail.Length;
            stream.ReadExactly(tail);
            stream.Position = 0;
        }

        if (!tail.EndsWith("PAR1"u8))
        {
            throw new UserException($"{file.Path}: is not a Parquet file, or one that was cut short: it does not end with PAR1.");
        }

        uint length = BitConverter.ToUInt32(tail);
        if (length > stream.Length - Ends || length > LargestFooter)
        {
            throw new UserException($"{file.Path}: not a valid Parquet file: it claims a footer of {length} bytes; it has {stream.Length}, of which at most {LargestFooter} may be footer.");
        }

        var footer = new byte[length];
        stream.Position = stream.Length - tail.Length - length;
        stream.ReadExactly(footer);
        stream.Position = 0;
        Try(file, () => ParquetThrift.Read(new StrictStream(new MemoryStream(footer)), "FileMetaData"));
    }

    /// <summary>The library tells of damage with whatever it stumbles over.</summary>
    private static T Try<T>(InputFile file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is not UserException)
        {
            throw new UserException($"{file.Path}: not a valid Parquet file: {fault.Message}", UserException.Mistake, fault);
        }
    }
}
