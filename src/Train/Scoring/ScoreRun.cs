namespace TinyLM;

/// <summary>Scores documents with a saved model, whole: checkpoint, documents, scorers, table, report, results.</summary>
public static class ScoreRun
{
    public const string ReportFile = "report.html";

    private const string DefaultParent = "scores";

    /// <summary>Runs it.</summary>
    /// <param name="options">What the user asks for.</param>
    /// <param name="display">What the user sees.</param>
    /// <param name="stop">Ends it; nothing is written then.</param>
    /// <returns>A report a scorer, or null where it was stopped.</returns>
    /// <exception cref="UserException">Something that the user can mend.</exception>
    public static IReadOnlyList<ScoreReport>? Execute(ScoreOptions options, TrainingDisplay display, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(display);
        options.Check();
        string? folder = FolderOf(options);
        var choice = CheckpointChoice.Find(options.Checkpoint, display.Line);
        using Device device = Device.Open(options.Device, options.Threads ?? 0);
        Gpt model = Load(choice.Checkpoint, device);
        bool scoreEnd = options.ScoreEnd ?? TrainingCheckpoint.ReadTraining(choice.Checkpoint).ScoreEnd;
        var scorerOptions = new ScorerOptions { Window = options.Window, Stride = options.Stride, ScoreEnd = scoreEnd };

        // A mistake in the last scorer should not wait for the scores of those before it.
        IScorer[] scorers = [.. options.Scorers.Select(name => ScorerChoice.Create(name, model, scorerOptions))];
        ITokenizer tokenizer = TrainingCheckpoint.ReadTokenizer(choice.Checkpoint);
        var scored = ScoredDocuments.Find(options, choice, tokenizer, display);
        display.Line($"{choice.Checkpoint.FolderPath}: step {choice.Checkpoint.Step:N0}, {model.Parameters.Count:N0} parameters, context {model.Config.ContextLength}, on {device.Description}");
        display.Line($"{scored.Name}: {scored.Documents.Count:N0} documents, {scored.Documents.TokenCount:N0} tokens ({tokenizer.Name}); {OverlapText(scored)}");
        int[] tokenBytes = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.ByteCount)];
        int targets = checked((int)TargetBuilder.CountTargets(scored.Documents, scoreEnd));
        ScoreReport[] reports;
        try
        {
            reports = [.. scorers.Select(scorer => display.Score(scorer.Name, targets, progress => ScoreReport.Create(scorer, scored.Documents, tokenBytes, progress), stop))];
        }
        catch (OperationCanceledException)
        {
            display.Line("stopped before all scores were in; nothing was written");
            return null;
        }

        ScoreComparison[] comparisons = [.. reports.Skip(1).Zip(reports, (after, before) => ScoreComparison.Of(before, after))];
        display.Ladder(reports, comparisons);
        if (options.Nats is { } nats)
        {
            NatsFile.Write(nats, reports[0]);
            display.Line($"every score is in {nats}");
        }

        if (folder is not null)
        {
            Save(folder, choice, scored, model, scoreEnd, reports, comparisons);
            display.Line($"{ReportFile} and {ScoreResults.FileName} are in {folder}");
        }

        return reports;
    }

    /// <summary>The model of a checkpoint.</summary>
    /// <exception cref="UserException">A file of it is damaged.</exception>
    public static Gpt Load(Checkpoint checkpoint, Device device)
    {
        var model = new Gpt(device, TrainingCheckpoint.ReadConfig(checkpoint));
        TrainingCheckpoint.LoadWeights(checkpoint, model);
        return model;
    }

    internal static string OverlapText(ScoredDocuments scored) => scored.Overlap switch
    {
        null => "what the model was trained on is not known",
        0 => "none was trained on",
        1 => "1 WAS TRAINED ON",
        var count => $"{count:N0} WERE TRAINED ON",
    };

    /// <summary>The folder of the results; null for none. One that holds results already is never written into.</summary>
    private static string? FolderOf(ScoreOptions options)
    {
        if (options.Out is { } path)
        {
            return File.Exists(path) ? throw new UserException($"--out: '{path}' is a file; expected a folder, or a name that is still free.")
                : File.Exists(Path.Combine(path, ScoreResults.FileName)) ? throw new UserException($"--out: '{path}' holds results already; choose another folder.")
                : path;
        }

        if (options.Nats is not null)
        {
            return null;
        }

        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Checkpoint))), folder = Path.Combine(DefaultParent, name);
        for (int number = 2; Path.Exists(folder); number++)
        {
            folder = Path.Combine(DefaultParent, $"{name}-{number}");
        }

        return folder;
    }

    private static void Save(
        string folder, CheckpointChoice choice, ScoredDocuments scored, Gpt model, bool scoreEnd, ScoreReport[] reports, ScoreComparison[] comparisons)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Writing(folder, fault);
        }

        var results = new ScoreResults
        {
            Checkpoint = choice.Checkpoint.FolderPath,
            Step = choice.Checkpoint.Step,
            Documents = scored.Name,
            DocumentsSha256 = scored.Documents.Fingerprint(),
            Overlap = scored.Overlap,
            ScoreEnd = scoreEnd,
            Device = model.Device.Description,
            WeightsSha256 = WeightsHash.Of(model),
            Scorers = [.. reports.Select(ScorerResults.Of)],
            DocumentTargets = [.. reports[0].Documents.Select(document => document.Targets)],
            DocumentBytes = [.. reports[0].Documents.Select(document => document.Bytes)],
        };
        AtomicFile.Write(Path.Combine(folder, ReportFile), stream => ScorePage.Write(stream, results, OverlapText(scored), reports, comparisons));

        // Last: a folder that has it has all.
        results.Write(Path.Combine(folder, ScoreResults.FileName));
    }
}
