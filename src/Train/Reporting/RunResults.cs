using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>What a pretraining run ends with: <c>results.json</c>.</summary>
public sealed record RunResults
{
    /// <summary>By scorer, "packed" and "strided"; of averages of the weights by scorer and average: "packed, ema".</summary>
    public required IReadOnlyDictionary<string, ScoreSummary> Validation { get; init; }

    /// <summary>The lowest loss that was measured while training went; null where none was.</summary>
    public required BestCheckpoint? Best { get; init; }

    public required double TokensPerSecond { get; init; }

    /// <summary>Of the training steps alone.</summary>
    public required double Seconds { get; init; }

    public required long Parameters { get; init; }

    /// <summary>The most device memory held at once.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>What a training step held of it at most; scoring may hold more.</summary>
    public required long TrainingStepBytes { get; init; }

    public required long Steps { get; init; }

    public required long Tokens { get; init; }

    public required string Device { get; init; }

    /// <summary>SHA-256 of all weights, in the order of their names in the checkpoint: equal runs have equal hashes.</summary>
    public required string WeightsSha256 { get; init; }

    public required IReadOnlyList<string> Samples { get; init; }
}

/// <summary>The checkpoint of the lowest validation loss.</summary>
/// <param name="Step">The step that it was saved at.</param>
/// <param name="Loss">On a held-out sample, laid out as in training, in nats a token.</param>
/// <param name="Folder">Within the run's folder.</param>
public sealed record BestCheckpoint(long Step, double Loss, string Folder);

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(RunResults))]
internal sealed partial class ResultsJson : JsonSerializerContext;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StepMetrics))]
internal sealed partial class MetricsJson : JsonSerializerContext;
