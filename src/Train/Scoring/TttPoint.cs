using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>One point of a sweep's grid; strided scoring has a chunk only.</summary>
/// <param name="Mode">strided, ttt or ttt-streaming.</param>
/// <param name="Chunk">Targets of a chunk.</param>
/// <param name="LearningRate">Null for strided scoring, and so are the others.</param>
/// <param name="Rank">Of the adapters.</param>
/// <param name="Layers">As <see cref="LoraConfig.Layers"/>.</param>
/// <param name="StepLimit">As <see cref="TestTimeTrainingConfig.StepLimit"/>.</param>
public sealed record TttPoint(string Mode, int Chunk, double? LearningRate, int? Rank, int? Layers, int? StepLimit)
{
    /// <summary>The point in words.</summary>
    [JsonIgnore]
    public string Name => FormattableString.Invariant($"{Mode} {Chunk}") + Settings switch { "" => "", var settings => $", {settings}" };

    /// <summary>The adapters' part of it.</summary>
    [JsonIgnore]
    public string Settings => LearningRate is null ? "" : FormattableString.Invariant($"rank {Rank}, rate {LearningRate:R}")
        + (Layers > 0 ? FormattableString.Invariant($", last {Layers} layers") : "") + (StepLimit > 0 ? FormattableString.Invariant($", {StepLimit} steps") : "");
}

/// <summary>What a point has scored.</summary>
/// <param name="Point">The point.</param>
/// <param name="Seconds">The time that scoring all documents took.</param>
/// <param name="Documents">The score of each.</param>
public sealed record TttScore(TttPoint Point, double Seconds, IReadOnlyList<DocumentScore> Documents);
