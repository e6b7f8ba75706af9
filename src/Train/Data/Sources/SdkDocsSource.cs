namespace TinyLM;

/// <summary>The documentation of an SDK, or so much of it as a quick start needs. It is small enough to be kept once it is read.</summary>
/// <param name="root">The folder of the SDK.</param>
/// <param name="paths">The XML files.</param>
/// <param name="maxBytes">How much text is wanted.</param>
internal sealed class SdkDocsSource(string root, IReadOnlyList<string> paths, long maxBytes) : DocumentSource
{
    private readonly Lazy<Document[]> _documents = new(() => SdkDocs.ReadSome(paths, maxBytes));

    public override string Name => SdkDocs.Name;

    public override long Size => 1;

    internal override string Identity => $"{SdkDocs.Name} {root} {maxBytes}";

    public override string Fingerprint() => SourceFiles.Of(root, paths).Fingerprint();

    public override IEnumerable<Document> Read(IProgress<long>? progress = null) => _documents.Value;
}
