using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>What a run is trained on, and what it is asked about it in the end.</summary>
public sealed record DataConfig
{
    /// <summary>The kinds of corpus.</summary>
    public static IReadOnlyList<string> CorpusKinds { get; } = [SdkDocs.Name, "text", "lines", "folder", "jsonl", "parquet", "tokens"];

    /// <summary>Of <see cref="CorpusKinds"/>.</summary>
    public string Corpus { get; init; } = SdkDocs.Name;

    /// <summary>The file, folder or pattern of the corpus.</summary>
    public string? Text { get; init; }

    /// <summary>The file, folder or pattern of the held-out documents, of the same kind; null: a tenth of the corpus.</summary>
    public string? Validation { get; init; }

    /// <summary>With <see cref="Validation"/>: trains on a document as often as it comes, even on one that is held out, as trainers do that look for no duplicates.</summary>
    public bool KeepDuplicates { get; init; }

    /// <summary>The field or column that holds the text, in JSON lines and Parquet; null: text.</summary>
    public string? Field { get; init; }

    /// <summary>Regular expression of a line that begins a document in a text.</summary>
    public string? Begin { get; init; }

    /// <summary>What ends a document in a text.</summary>
    public string? End { get; init; }

    /// <summary>See <see cref="TokenizerChoice"/>.</summary>
    public string Tokenizer { get; init; } = "bytes";

    /// <summary>Held-out tokens that are scored at most; null: 250,000 of the SDK's documentation, all of another corpus.</summary>
    public int? ValidationTokens { get; init; }

    /// <summary>Begin of the sampled texts; null: that of a member's name in the SDK's documentation, nothing in another corpus.</summary>
    public string? Prompt { get; init; }

    /// <summary>Whether the corpus is the SDK's documentation.</summary>
    [JsonIgnore]
    public bool IsSdkDocs => Corpus == SdkDocs.Name;

    /// <summary>Throws on a value that is unknown or makes no sense.</summary>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Validate()
    {
        Known("corpus", Corpus, CorpusKinds);
        if (!IsSdkDocs && Text is null)
        {
            throw new UserException($"--corpus {Corpus} needs a {(Corpus == "folder" ? "folder" : "file")}: add --text PATH.");
        }

        if (IsSdkDocs && Text is not null)
        {
            throw new UserException($"--text {Text}: the corpus is {Corpus}, which is no file; add --corpus {string.Join(", ", CorpusKinds.Skip(1))}.");
        }

        Applies("--validation", Validation, !IsSdkDocs, "which is split by itself");
        Applies("--field", Field, Corpus is "jsonl" or "parquet", "which has none; jsonl and parquet have");
        Applies("--begin", Begin, Corpus == "text", "which has documents already; text may be cut");
        Applies("--end", End, Corpus == "text", "which has documents already; text may be cut");
        if (KeepDuplicates && Validation is null)
        {
            throw new UserException("data.keepDuplicates: no documents of their own are held out; without data.validation a duplicate is left out, so that it is not on both sides.");
        }

        if (ValidationTokens < 2)
        {
            throw new UserException($"data.validationTokens: {ValidationTokens}, expected at least 2.");
        }
    }

    private void Applies(string option, string? value, bool applies, string why)
    {
        if (value is not null && !applies)
        {
            throw new UserException($"{option} {value}: the corpus is {Corpus}, {why}.");
        }
    }

    private static void Known(string field, string value, IReadOnlyList<string> known)
    {
        if (!known.Contains(value))
        {
            throw new UserException($"data.{field}: '{value}' is unknown; known: {string.Join(", ", known)}.");
        }
    }
}
