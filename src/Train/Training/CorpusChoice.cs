namespace TinyLM;

/// <summary>The corpus that a user names (<see cref="DataConfig"/>).</summary>
internal static class CorpusChoice
{
    private const int SdkDocsBytes = 16 << 20;

    /// <exception cref="UserException">A file is missing, or is not what it should be.</exception>
    public static Corpus Open(DataConfig data) =>
        data.IsSdkDocs ? SdkDocs.Load(maxBytes: SdkDocsBytes)
        : data.Validation is null ? Corpus.Create(OpenSource(data, data.Text!))
        : Corpus.Create(OpenSource(data, data.Text!), OpenSource(data, data.Validation), data.KeepDuplicates);

    /// <summary>The documents of one file, folder or pattern.</summary>
    /// <inheritdoc cref="Open"/>
    public static DocumentSource OpenSource(DataConfig data, string path) => data.Corpus switch
    {
        "lines" => DocumentSource.Lines(path),
        "folder" => DocumentSource.Folder(path),
        "jsonl" => DocumentSource.JsonLines(path, data.Field ?? DocumentSource.DefaultField),
        "parquet" => DocumentSource.Parquet(path, data.Field ?? DocumentSource.DefaultField),
        "tokens" => DocumentSource.Tokens(path),
        _ => data.Begin is null && data.End is null ? DocumentSource.Text(path) : DocumentSource.Separated(path, data.Begin, data.End),
    };
}
