using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>Scores the same documents under every point of a grid; can be stopped, and goes on where it was.</summary>
public static class TttSweep
{
    public const string ResultsFile = "sweep.json";

    /// <summary>
    /// Runs what is not there yet, chooses the best of each chunk size on some of the documents, and draws the two plots of slowrun's test-time training, loss over time and loss
    /// over the chunk, of the others.
    /// </summary>
    /// <returns>What was chosen, or null where it was stopped.</returns>
    /// <exception cref="UserException">Something that the user can mend; or the folder holds a sweep of other documents, weights or settings.</exception>
    public static TttChoices? Run(TttSweepOptions options, TrainingDisplay display, CancellationToken stop = default)
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
        TttSweepResults results = Begin(path, new TttSweepResults(WeightsHash.Of(model), scored.Documents.Fingerprint(), scoreEnd, options.Score.Window, Settings(options), []));

        // A mistake in the last point should not wait for those before it.
        var points = Points(options).Select(point => (Point: point, Scorer: Create(point, options, model, scoreEnd))).ToArray();
        foreach (var (point, scorer) in points)
        {
            if (results.Scores.Any(done => done.Point == point))
            {
                continue;
            }

            try
            {
                ScoreReport report = display.Score(point.Name, targets, progress => ScoreReport.Create(scorer, scored.Documents, tokenBytes, progress), stop);
                results = results with { Scores = [.. results.Scores, new TttScore(point, report.Seconds, report.Documents)] };
                AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, results, TttSweepJson.Default.TttSweepResults));
                display.Line(FormattableString.Invariant($"{point.Name}: {report.Total.Loss:F4} nats, {report.Total.BitsPerByte:F4} bits/byte, {report.Seconds:F1} s"));
            }
            catch (OperationCanceledException)
            {
                display.Line($"stopped; the same command goes on from {results.Scores.Count} points");
                return null;
            }
        }

        TttChoices choices = TttChoices.Of(results.Scores);
        TttPlots.Save(options.Out, choices);
        display.Choices(choices);
        return choices;
    }

    private static IScorer Create(TttPoint point, TttSweepOptions options, Gpt model, bool scoreEnd) => ScorerChoice.Create(
        FormattableString.Invariant($"{point.Mode}:{point.Chunk}"), model, new ScorerOptions
        {
            Window = options.Score.Window,
            ScoreEnd = scoreEnd,
            TestTimeTraining = options.Score.TestTimeTraining with
            {
                LearningRate = point.LearningRate.GetValueOrDefault(),
                StepLimit = point.StepLimit.GetValueOrDefault(),
                Lora = options.Score.TestTimeTraining.Lora with { Rank = point.Rank.GetValueOrDefault(), Layers = point.Layers.GetValueOrDefault() },
            },
        });

    /// <summary>What all points have in common; without what a score does not depend on.</summary>
    private static TestTimeTrainingConfig Settings(TttSweepOptions options)
    {
        TestTimeTrainingConfig none = new(), all = options.Score.TestTimeTraining;
        return all with
        {
            LearningRate = none.LearningRate,
            StepLimit = none.StepLimit,
            Lora = all.Lora with { Rank = none.Lora.Rank, Layers = none.Lora.Layers },
            MemoryBudget = none.MemoryBudget,
        };
    }

    private static IEnumerable<TttPoint> Points(TttSweepOptions options) => options.Chunks.SelectMany(chunk => options.Modes.SelectMany(mode => Points(options, chunk, mode)));

    private static IEnumerable<TttPoint> Points(TttSweepOptions options, int chunk, string mode) => mode == "strided"
        ? [new TttPoint(mode, chunk, null, null, null, null)]
        : from rate in options.LearningRates
          from rank in options.Ranks
          from layers in options.Layers
          from limit in options.StepLimits
          select new TttPoint(mode, chunk, rate, rank, layers, limit);

    private static TttSweepResults Begin(string path, TttSweepResults wanted)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (!File.Exists(path))
            {
                return wanted;
            }

            using FileStream stream = File.OpenRead(path);
            TttSweepResults results = JsonFile.Read(stream, path, TttSweepJson.Default.TttSweepResults);
            return wanted with { Scores = results.Scores } == results
                ? results
                : throw new UserException($"--out: '{path}' holds a sweep of another model, of other documents or with other settings; choose another folder.");
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }
}

/// <summary>A sweep's file.</summary>
/// <param name="WeightsSha256">Of the model.</param>
/// <param name="DocumentsSha256">Of the documents.</param>
/// <param name="ScoreEnd">Whether the end of each document is a target.</param>
/// <param name="Window">Null: the model's context.</param>
/// <param name="Settings">What all points have in common.</param>
/// <param name="Scores">Of the points so far.</param>
internal sealed record TttSweepResults(
    string WeightsSha256, string DocumentsSha256, bool ScoreEnd, int? Window, TestTimeTrainingConfig Settings, IReadOnlyList<TttScore> Scores);

[JsonSourceGenerationOptions(
    WriteIndented = true, UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TttSweepResults))]
internal sealed partial class TttSweepJson : JsonSerializerContext;
