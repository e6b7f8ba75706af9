using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>Scores the same documents under every point of a grid; can be stopped, and goes on where it was.</summary>
public static class TttSweep
{
    public const string ResultsFile = "sweep.json";

    /// <summary>Runs what is not there yet, and draws the two plots of slowrun's test-time training: loss over time, and loss over the chunk.</summary>
    /// <returns>All points, or null where it was stopped.</returns>
    /// <exception cref="UserException">Something that the user can mend; or the folder holds a sweep of other documents or weights.</exception>
    public static IReadOnlyList<TttPoint>? Run(TttSweepOptions options, TrainingDisplay display, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(display);
        options.Check();
        var choice = CheckpointChoice.Find(options.Score.Checkpoint, display.Line);
        using Device device = Device.Open(options.Score.Device, options.Score.Threads ?? 0);
        Gpt model = ScoreRun.Load(choice.Checkpoint, device);
        bool scoreEnd = options.Score.ScoreEnd ?? TrainingCheckpoint.ReadTraining(choice.Checkpoint).ScoreEnd;
        ITokenizer tokenizer = TrainingCheckpoint.ReadTokenizer(choice.Checkpoint);
        var scored = ScoredDocuments.Find(options.Score, choice, tokenizer, display);
        int[] tokenBytes = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.ByteCount)];
        int targets = checked((int)TargetBuilder.CountTargets(scored.Documents, scoreEnd));
        string path = Path.Combine(options.Out, ResultsFile);
        TttSweepResults results = Begin(path, WeightsHash.Of(model), scored.Documents.Fingerprint());

        // A mistake in the last point should not wait for those before it.
        var points = Points(options).Select(point => (Point: point, Scorer: Create(point, options, model, scoreEnd))).ToArray();
        foreach (var (point, scorer) in points)
        {
            if (results.Points.Any(done => done.Key == point.Key))
            {
                continue;
            }

            try
            {
                ScoreReport report = display.Score(point.Key, targets, progress => ScoreReport.Create(scorer, scored.Documents, tokenBytes, progress), stop);
                results = results with { Points = [.. results.Points, point with { Score = report.Summary }] };
                AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, results, TttSweepJson.Default.TttSweepResults));
                display.Line(FormattableString.Invariant($"{point.Key}: {report.Summary.Loss:F4} nats, {report.Summary.BitsPerByte:F4} bits/byte, {report.Seconds:F1} s"));
            }
            catch (OperationCanceledException)
            {
                display.Line($"stopped; the same command goes on from {results.Points.Count} points");
                return null;
            }
        }

        TttPlots.Save(options.Out, results.Points);
        return results.Points;
    }

    private static IScorer Create(TttPoint point, TttSweepOptions options, Gpt model, bool scoreEnd) => ScorerChoice.Create(
        FormattableString.Invariant($"{point.Mode}:{point.Chunk}"), model, new ScorerOptions
        {
            Window = options.Score.Window,
            ScoreEnd = scoreEnd,
            TestTimeTraining = options.Score.TestTimeTraining with
            {
                LearningRate = point.LearningRate ?? 0,
                Lora = options.Score.TestTimeTraining.Lora with { Rank = point.Rank ?? options.Score.TestTimeTraining.Lora.Rank },
            },
        });

    private static IEnumerable<TttPoint> Points(TttSweepOptions options) =>
        from chunk in options.Chunks
        from mode in options.Modes
        from rate in mode == "strided" ? [null] : options.LearningRates.Select(rate => (double?)rate)
        from rank in mode == "strided" ? [null] : options.Ranks.Select(rank => (int?)rank)
        select new TttPoint(mode, chunk, rate, rank, null);

    private static TttSweepResults Begin(string path, string weights, string documents)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (!File.Exists(path))
            {
                return new TttSweepResults(weights, documents, []);
            }

            using FileStream stream = File.OpenRead(path);
            TttSweepResults results = JsonFile.Read(stream, path, TttSweepJson.Default.TttSweepResults);
            return results.WeightsSha256 == weights && results.DocumentsSha256 == documents
                ? results
                : throw new UserException($"--out: '{path}' holds a sweep of another model or of other documents; choose another folder.");
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }
}

/// <summary>One point of the grid.</summary>
/// <param name="Mode">strided, ttt or ttt-streaming.</param>
/// <param name="Chunk">Targets of a chunk.</param>
/// <param name="LearningRate">Null for strided scoring.</param>
/// <param name="Rank">Null for strided scoring.</param>
/// <param name="Score">Null until it is scored.</param>
public sealed record TttPoint(string Mode, int Chunk, double? LearningRate, int? Rank, ScoreSummary? Score)
{
    /// <summary>The point in words.</summary>
    [JsonIgnore]
    public string Key => FormattableString.Invariant($"{Mode} {Chunk}{(Rank is { } rank ? $" rank {rank}" : "")}{(LearningRate is { } rate ? $" rate {rate:R}" : "")}");
}

/// <summary>A sweep's file.</summary>
/// <param name="WeightsSha256">Of the model.</param>
/// <param name="DocumentsSha256">Of the documents.</param>
/// <param name="Points">Those that are scored.</param>
internal sealed record TttSweepResults(string WeightsSha256, string DocumentsSha256, IReadOnlyList<TttPoint> Points);

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TttSweepResults))]
internal sealed partial class TttSweepJson : JsonSerializerContext;
