namespace TinyLM;

/// <summary>How the documents of a file are found.</summary>
internal abstract class DocumentFormat
{
    /// <summary>Which format with which settings.</summary>
    public abstract string Identity { get; }

    /// <summary>The names of files that are taken from a folder.</summary>
    public abstract IReadOnlyList<string> Patterns { get; }

    /// <inheritdoc cref="DocumentSource.IsStream"/>
    public virtual bool IsStream => false;

    /// <inheritdoc cref="DocumentSource.BosId"/>
    public virtual int? BosId => null;

    /// <summary>The documents of a file, in their order, a very long one in parts.</summary>
    public abstract IEnumerable<Document> Read(InputFile file);

    /// <summary>Patterns of names with these endings, packed or not.</summary>
    protected static string[] AlsoPacked(params string[] patterns) => [.. patterns.SelectMany(pattern => new[] { pattern, pattern + ".gz", pattern + ".zst" })];
}
