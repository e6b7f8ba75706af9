using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>What a <see cref="TokenStore"/> says of itself.</summary>
public sealed record TokenStoreInfo
{
    /// <summary>The layout of the file.</summary>
    public required int Version { get; init; }

    /// <summary>The corpus.</summary>
    public required string Name { get; init; }

    /// <summary>Of the corpus, its files and its split: <see cref="DocumentSource.Fingerprint"/>.</summary>
    public required string SourceFingerprint { get; init; }

    /// <summary>The tokenizer's kind.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>Of the tokenizer as it is saved, in hex.</summary>
    public required string TokenizerSha256 { get; init; }

    /// <summary>Ids are less.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The id that begins each document.</summary>
    public required int BosId { get; init; }

    public required int DocumentCount { get; init; }

    public required long TokenCount { get; init; }

    /// <summary>Documents of the corpus that were left out as duplicates.</summary>
    public required int DuplicateCount { get; init; }

    /// <summary>Of all ids and starts: <see cref="TokenizedDocuments.Fingerprint"/>.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes an id.</summary>
    [JsonIgnore]
    public int IdSize => VocabularySize <= ushort.MaxValue + 1 ? sizeof(ushort) : sizeof(int);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(TokenStoreInfo))]
internal sealed partial class TokenStoreJson : JsonSerializerContext;
