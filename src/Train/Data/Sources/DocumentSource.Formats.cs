namespace TinyLM;

public abstract partial class DocumentSource
{
    /// <summary>The field or column that holds the text unless told otherwise.</summary>
    public const string DefaultField = "text";

    /// <summary>Documents in memory; they are enumerated several times.</summary>
    public static DocumentSource Of(string name, IEnumerable<Document> documents) => new MemorySource(name, documents, isStream: false);

    /// <summary>A UTF-8 file, packed (gzip, zstd) or not, as one running text.</summary>
    /// <exception cref="UserException">The file is missing.</exception>
    public static DocumentSource Text(string path) => Files(path, SourceFiles.Of(path, [path]), new TextFormat(isStream: true));

    /// <summary>Text that is cut into documents. Line ends about a cut are left out.</summary>
    /// <param name="path">A file, a folder of them, or a pattern such as <c>data/train-*.txt</c>; packed or not.</param>
    /// <param name="begin">Regular expression of a line that begins a document and belongs to it, or null: <c>^ = [^=]+ = $</c> for WikiText.</param>
    /// <param name="end">What ends a document and belongs to none, or null: <c>&lt;|endoftext|&gt;</c>.</param>
    public static DocumentSource Separated(string path, string? begin, string? end) => Files(path, new SeparatedFormat(begin, end));

    /// <summary>Files of one document a line; blank lines are left out.</summary>
    /// <param name="path">As in <see cref="Separated"/>.</param>
    public static DocumentSource Lines(string path) => Files(path, new LinesFormat());

    /// <summary>
    /// A folder of UTF-8 text files, packed or not, each a document, in ordinal order of their paths; subfolders too, but neither hidden ones nor links
    /// to folders.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="pattern">Which files, such as <c>*.txt</c>.</param>
    public static DocumentSource Folder(string path, string pattern = "*") =>
        Files(path, SourceFiles.InFolder(path, [pattern]), new TextFormat(isStream: false));

    /// <summary>JSON lines, each an object with a text in the field <paramref name="field"/>.</summary>
    /// <param name="path">As in <see cref="Separated"/>.</param>
    /// <param name="field">The field's name.</param>
    public static DocumentSource JsonLines(string path, string field = DefaultField) => Files(path, new JsonLinesFormat(field));

    /// <summary>Parquet files, such as those of Hugging Face data sets: a row a document.</summary>
    /// <param name="path">As in <see cref="Separated"/>.</param>
    /// <param name="field">The column's name; of strings, not nested.</param>
    public static DocumentSource Parquet(string path, string field = DefaultField) => Files(path, new ParquetFormat(field));

    /// <summary>
    /// Ready GPT-2 tokens, id 50256 in front of each document: <c>.bin</c> shards of llm.c and modded-nanogpt, or slowrun's torch archive.
    /// </summary>
    /// <param name="path">As in <see cref="Separated"/>.</param>
    public static DocumentSource Tokens(string path) => Files(path, new TokensFormat());

    private static FileSource Files(string path, DocumentFormat format) => Files(path, SourceFiles.Find(path, format.Patterns), format);

    private static FileSource Files(string path, SourceFiles files, DocumentFormat format)
    {
        foreach (string file in files.Paths)
        {
            // Missing files are told of at once, not when they are read.
            SourceFiles.SizeOf(file);
        }

        return new FileSource(path, files, format);
    }
}
