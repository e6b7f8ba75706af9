using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>What a scoring ends with: its <c>results.json</c>. The scores of all documents are in it, so that two can be compared later.</summary>
public sealed record ScoreResults
{
    public const string FileName = "results.json";

    /// <summary>The largest file that is read, in bytes (1 GiB).</summary>
    private const long LargestFile = 1 << 30;

    /// <summary>The checkpoint's folder.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The training step that it was saved at.</summary>
    public required long Step { get; init; }

    /// <summary>Where the documents come from.</summary>
    public required string Documents { get; init; }

    /// <summary>SHA-256 of the documents' ids and lengths: the same for the same documents under the same tokenizer.</summary>
    public required string DocumentsSha256 { get; init; }

    /// <summary>How many of them are among those that the model was trained on; null where these are not known.</summary>
    public required int? Overlap { get; init; }

    public required bool ScoreEnd { get; init; }

    public required string Device { get; init; }

    /// <summary>SHA-256 of the model's weights, which scoring does not touch.</summary>
    public required string WeightsSha256 { get; init; }

    /// <summary>In the order in which they were asked for.</summary>
    public required IReadOnlyList<ScorerResults> Scorers { get; init; }

    /// <summary>[documents]: how many targets each has.</summary>
    public required IReadOnlyList<long> DocumentTargets { get; init; }

    /// <summary>[documents]: the UTF-8 bytes of those targets.</summary>
    public required IReadOnlyList<long> DocumentBytes { get; init; }

    internal static ScoreResults Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonFile.Read(stream, path, ScoresJson.Default.ScoreResults, LargestFile);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    internal void Write(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, ScoresJson.Default.ScoreResults));

    /// <summary>[documents]: the scores of one of the scorers.</summary>
    internal IReadOnlyList<DocumentScore> Scores(ScorerResults scorer) =>
        [.. scorer.DocumentNats.Select((nats, document) => new DocumentScore(DocumentTargets[document], DocumentBytes[document], nats))];
}

/// <summary>One scorer's part in <see cref="ScoreResults"/>.</summary>
/// <param name="Name">Name and settings.</param>
/// <param name="Score">Of all documents.</param>
/// <param name="ByPosition">Of the targets' positions in their documents.</param>
/// <param name="ByLength">Of the documents' numbers of targets.</param>
/// <param name="DocumentNats">[documents]: the sum of each one's negative log-likelihoods.</param>
public sealed record ScorerResults(
    string Name, ScoreSummary Score, IReadOnlyList<BucketResults> ByPosition, IReadOnlyList<BucketResults> ByLength, IReadOnlyList<double> DocumentNats)
{
    internal static ScorerResults Of(ScoreReport report) => new(
        report.Scorer, report.Summary, [.. report.ByPosition.Select(BucketResults.Of)], [.. report.ByLength.Select(BucketResults.Of)],
        [.. report.Documents.Select(document => document.Nats)]);
}

/// <summary>A <see cref="ScoreBucket"/> as it is saved.</summary>
/// <param name="First">The lowest position or length.</param>
/// <param name="Last">The highest.</param>
/// <param name="Documents">How many documents have a part in it.</param>
/// <param name="Targets">How many targets.</param>
/// <param name="Loss">Nats a target.</param>
/// <param name="BitsPerByte">NaN where there are no bytes.</param>
public sealed record BucketResults(int First, int Last, int Documents, long Targets, double Loss, double BitsPerByte)
{
    internal static BucketResults Of(ScoreBucket bucket) =>
        new(bucket.First, bucket.Last, bucket.Documents, bucket.Score.Targets, bucket.Score.Loss, bucket.Score.BitsPerByte);
}

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ScoreResults))]
internal sealed partial class ScoresJson : JsonSerializerContext;
