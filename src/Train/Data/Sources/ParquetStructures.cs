namespace TinyLM;

/// <summary>The structures of Parquet's headers (parquet.thrift 2.12): each field's number and type. Encrypted ones are left out, for nothing here decrypts.</summary>
internal static class ParquetStructures
{
    /// <summary>A structure that is not known. The library skips no more of it than the headers of its fields, so it may only be empty.</summary>
    public const string Unknown = "Unknown";

    private const int ListWire = 9, StructureWire = 12;

    private static readonly Dictionary<string, IReadOnlyDictionary<int, string>> All = new()
    {
        [Unknown] = Parse(""),
        ["FileMetaData"] = Parse("1:i32 2:SchemaElement[] 3:i64 4:RowGroup[] 5:KeyValue[] 6:binary 7:ColumnOrder[]"),
        ["SchemaElement"] = Parse("1:i32 2:i32 3:i32 4:binary 5:i32 6:i32 7:i32 8:i32 9:i32 10:LogicalType"),
        ["LogicalType"] = Parse(
            "1:Empty 2:Empty 3:Empty 4:Empty 5:DecimalType 6:Empty 7:TimeType 8:TimeType 10:IntType 11:Empty 12:Empty 13:Empty 14:Empty 15:Empty 16:VariantType 17:GeometryType 18:GeographyType"),
        ["DecimalType"] = Parse("1:i32 2:i32"),
        ["TimeType"] = Parse("1:bool 2:TimeUnit"),
        ["TimeUnit"] = Parse("1:Empty 2:Empty 3:Empty"),
        ["IntType"] = Parse("1:byte 2:bool"),
        ["VariantType"] = Parse("1:byte"),
        ["GeometryType"] = Parse("1:binary"),
        ["GeographyType"] = Parse("1:binary 2:i32"),
        ["KeyValue"] = Parse("1:binary 2:binary"),
        ["ColumnOrder"] = Parse("1:Empty"),
        ["RowGroup"] = Parse("1:ColumnChunk[] 2:i64 3:i64 4:SortingColumn[] 5:i64 6:i64 7:i16"),
        ["SortingColumn"] = Parse("1:i32 2:bool 3:bool"),
        ["ColumnChunk"] = Parse("1:binary 2:i64 3:ColumnMetaData 4:i64 5:i32 6:i64 7:i32"),
        ["ColumnMetaData"] = Parse(
            "1:i32 2:i32[] 3:binary[] 4:i32 5:i64 6:i64 7:i64 8:KeyValue[] 9:i64 10:i64 11:i64 12:Statistics 13:PageEncodingStats[] 14:i64 15:i32 16:SizeStatistics 17:GeospatialStatistics"),
        ["Statistics"] = Parse("1:binary 2:binary 3:i64 4:i64 5:binary 6:binary 7:bool 8:bool"),
        ["PageEncodingStats"] = Parse("1:i32 2:i32 3:i32"),
        ["SizeStatistics"] = Parse("1:i64 2:i64[] 3:i64[]"),
        ["GeospatialStatistics"] = Parse("1:BoundingBox 2:i32[]"),
        ["BoundingBox"] = Parse("1:double 2:double 3:double 4:double 5:double 6:double 7:double 8:double"),
        ["PageHeader"] = Parse("1:i32 2:i32 3:i32 4:i32 5:DataPageHeader 6:Empty 7:DictionaryPageHeader 8:DataPageHeaderV2"),
        ["DataPageHeader"] = Parse("1:i32 2:i32 3:i32 4:i32 5:Statistics"),
        ["DictionaryPageHeader"] = Parse("1:i32 2:i32 3:bool"),
        ["DataPageHeaderV2"] = Parse("1:i32 2:i32 3:i32 4:i32 5:i32 6:i32 7:bool 8:Statistics"),
        ["Empty"] = Parse(""),
    };

    private static readonly string[] Wires = ["", "bool", "bool", "byte", "i16", "i32", "i64", "double", "binary"];

    public static IReadOnlyDictionary<int, string> Fields(string structure) => All[structure];

    /// <summary>The type of a field that is not known, from how it is written: numbers, bytes, lists of these, empty structures; "" for what cannot be skipped.</summary>
    public static string Guess(string structure, int wire) =>
        structure == Unknown && Simple(wire) != "bool" ? "" : wire switch
        {
            ListWire => "?[]",
            StructureWire => Unknown,
            _ => Simple(wire),
        };

    /// <summary>The type of a list's elements that is not known.</summary>
    public static string GuessElement(int wire) => Simple(wire) is not "bool" and var type ? type : "";

    /// <summary>Whether a field of a type is written so. Small numbers are written alike.</summary>
    public static bool Fits(string type, int wire) => type.Length > 0 && (
        type.EndsWith("[]", StringComparison.Ordinal) ? wire == ListWire
        : All.ContainsKey(type) ? wire == StructureWire
        : Simple(wire) == type || (type == "i32" && Simple(wire) == "i16"));

    private static string Simple(int wire) => wire < Wires.Length ? Wires[wire] : "";

    private static Dictionary<int, string> Parse(string fields) => fields.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(field => field.Split(':')).ToDictionary(parts => int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), parts => parts[1]);
}
