using System.Text.Json;

namespace TinyLM;

/// <summary>The main job, whole: corpus, model, training with checkpoints, scores, samples, plot, results.</summary>
public static class PretrainRun
{
    private const int SdkDocsValidationTokens = 250_000;
    private const string SdkDocsPrompt = "Method System.";
    private const int SampleCount = 3;
    private const int SampleTokens = 200;
    private const int StridesPerWindow = 4;

    /// <summary>Runs it.</summary>
    /// <param name="options">What the user asks for.</param>
    /// <param name="display">What the user sees.</param>
    /// <param name="stop">Ends training after the running step, with a checkpoint.</param>
    /// <returns>The results, or null where the run was stopped early or nothing was to be trained.</returns>
    /// <exception cref="UserException">Something that the user can mend.</exception>
    public static RunResults? Execute(PretrainOptions options, TrainingDisplay display, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(display);
        options.Check();
        RunFolder folder = RunFolder.Open(options);
        RunConfig config = folder.Config(options);
        config.Validate();
        using Device device = Device.Open(options.Device, options.Threads ?? 0);
        Checkpoint? checkpoint = folder.IsResumed ? folder.FindCheckpoint(display.Line) : null;
        Corpus corpus = CorpusChoice.Open(config.Data);
        ITokenizer tokenizer = checkpoint is not null ? TrainingCheckpoint.ReadTokenizer(checkpoint) : TokenizerChoice.Create(config.Data.Tokenizer, corpus);
        config = config with { Model = WithVocabulary(config.Model, tokenizer) };
        TokenizedCorpus tokens = TokenizedCorpus.Create(corpus, tokenizer, options.Cache ?? folder.DefaultCache, options.Threads ?? 0, display.Work);
        if (options.ShowLayouts)
        {
            display.Layouts(tokens, config);
            return null;
        }

        TokenizedDocuments validation = HeldOut(tokens, config);
        MemoryEstimate memory = MemoryEstimate.OfTraining(device, config.Model, config.Training, options.Recompute);
        CheckFits(memory, device, config.Training);
        var model = new Gpt(device, config.Model, config.Training.Seed) { RecomputesBlocks = options.Recompute };
        StepProfile? profile = options.Profile ? new StepProfile() : null;
        var trainer = new Trainer(model, tokens.Training, config.Training) { Observer = options.DetectAnomalies ? new AnomalyDetector() : profile };
        folder.Begin(config);
        display.Line($"{tokens.Name}: {tokens.Training.Count:N0} documents to train on ({tokens.Training.TokenCount:N0} tokens), "
            + $"{tokens.Validation.Count:N0} held out, {tokens.DuplicateCount:N0} duplicates removed");
        if (config.Data.KeepDuplicates)
        {
            display.Line($"{validation.CountOverlap(tokens.Training):N0} of {validation.Count:N0} held-out documents ARE TRAINED ON: duplicates are kept");
        }

        display.Line($"{config.Preset}: {model.Parameters.Count:N0} parameters, vocabulary {config.Model.VocabularySize} ({tokenizer.Name}), on {device.Description}");
        display.Line(FormattableString.Invariant(
            $"memory: {memory.PermanentBytes / 1e6:N1} MB for parameters, gradients and moments, {memory.StepBytes / 1e6:N1} MB for a step"));
        display.Line($"{LayoutCosts.Measure(tokens.Training, config.Training.CreateLayout(config.Model.ContextLength), config.Training.Shuffle, config.Training.Seed)}");
        if (checkpoint is not null)
        {
            TrainingCheckpoint.Resume(checkpoint, trainer);
            display.Line($"going on from step {checkpoint.Step}");
        }

        var description = new RunDescription(
            config.Preset,
            [
                ("Corpus", $"{tokens.Name}: {tokens.Training.Count:N0} documents, {tokens.Training.TokenCount:N0} tokens"),
                ("Model", $"{model.Parameters.Count:N0} parameters, {config.Model.LayerCount} layers, width {config.Model.Width}, context {config.Model.ContextLength}"),
                ("Tokenizer", $"{tokenizer.Name}, vocabulary {config.Model.VocabularySize}"),
                ("Device", device.Description),
            ],
            config.ToJson(),
            DevicePeak.FlopsOf(options.Device, options.Threads ?? 0));
        var sampler = new RunSampler(model, tokenizer, config.Data.Prompt ?? (config.Data.IsSdkDocs ? SdkDocsPrompt : ""), config.Training.Seed);
        using var recorder = new RunRecorder(folder, description, trainer.State.Step);
        var loop = new TrainingLoop(trainer, tokenizer, folder.Checkpoints, recorder)
        {
            SaveSeconds = options.SaveSeconds,
            Probe = options.ValidateEvery == 0 ? null : new ValidationProbe(model, validation, sampler, config.Training, options.ValidateEvery),
        };
        display.Train(recorder.History, report => loop.Run(report, stop));
        if (profile is not null)
        {
            // On a device of its own: the tensors it copies would show in the run's peak memory.
            using Device idle = Device.Open(options.Device, options.Threads ?? 0);
            display.Profile(profile, DevicePeak.Measure(idle));
        }

        if (!trainer.IsFinished)
        {
            recorder.Stop();
            display.Line($"stopped after step {trainer.State.Step}; --resume --out {folder.FolderPath} goes on from there");
            return null;
        }

        try
        {
            return Finish(trainer, tokens, validation, folder, recorder, sampler, display, stop);
        }
        catch (OperationCanceledException)
        {
            recorder.Stop();
            display.Line($"stopped after the last step, before all scores were in; --resume --out {folder.FolderPath} goes on from there");
            return null;
        }
    }

    private static RunResults Finish(
        Trainer trainer, TokenizedCorpus tokens, TokenizedDocuments validation, RunFolder folder, RunRecorder recorder, RunSampler sampler, TrainingDisplay display,
        CancellationToken stop)
    {
        Gpt model = trainer.Model;
        int window = model.Config.ContextLength;
        IScorer[] scorers =
        [
            new PackedScorer(model, window, trainer.Config.ScoreEnd),
            new StridedScorer(model, window, Math.Max(1, window / StridesPerWindow), trainer.Config.ScoreEnd),
        ];
        var scores = new Dictionary<string, ScoreSummary>();
        var named = new Dictionary<string, ScoreSummary>();
        int targets = (int)TargetBuilder.CountTargets(validation, trainer.Config.ScoreEnd);
        Score("");
        foreach (WeightAverage average in trainer.FilledAverages)
        {
            average.InPlaceOfWeights(() => Score($", {average.Name}"));
        }

        display.Scores(named);
        string[] samples = [.. Enumerable.Range(0, SampleCount).Select(number => sampler.Write(number, SampleTokens))];
        foreach (string sample in samples)
        {
            display.Line($"--- sample\n{sample}");
        }

        LossPlot.Save(folder.PathOf("loss.png"), recorder.History, named, folder.Operations);
        TrainerState state = trainer.State;
        Checkpoint? best = folder.Checkpoints.FindBest();
        var results = new RunResults
        {
            Validation = scores,
            Best = best is null ? null : new BestCheckpoint(best.Step, best.ValidationLoss!.Value, Path.GetRelativePath(folder.FolderPath, best.FolderPath)),
            TokensPerSecond = state.Tokens / state.Seconds,
            Seconds = state.Seconds,
            Parameters = model.Parameters.Count,
            PeakBytes = model.Device.PeakBytes,
            TrainingStepBytes = trainer.StepBytes,
            Steps = state.Step,
            Tokens = state.Tokens,
            Device = model.Device.Description,
            WeightsSha256 = WeightsHash.Of(model),
            Samples = samples,
        };
        AtomicFile.Write(folder.PathOf(RunFolder.ResultsFile), stream => JsonSerializer.Serialize(stream, results, ResultsJson.Default.RunResults), folder.Operations);
        recorder.Finish(results);
        display.Line(FormattableString.Invariant(
            $"{state.Step:N0} steps, {state.Tokens:N0} tokens in {state.Seconds:F1} s ({results.TokensPerSecond:N0} tokens/s), peak {results.PeakBytes / 1e6:F0} MB, a training step held {results.TrainingStepBytes / 1e6:F1} MB"));
        display.Line($"weights sha256 {results.WeightsSha256}");
        if (best is not null)
        {
            display.Line(FormattableString.Invariant($"best of validation: {best.ValidationLoss:F4} at step {best.Step}, {best.FolderPath}"));
        }

        display.Line($"report.html, results.json, metrics.jsonl, loss.png, tensorboard and checkpoints are in {folder.FolderPath}");
        return results;

        void Score(string weights)
        {
            foreach (IScorer scorer in scorers)
            {
                string name = scorer.Name + weights;
                ScoreSummary summary = display.Score(name, targets, progress => ScoreReport.Create(scorer, validation, tokens.TokenBytes, progress), stop).Summary;
                scores[scorer.Name.Split(' ')[0] + weights] = summary;
                named[name] = summary;
            }
        }
    }

    /// <exception cref="UserException">The config gives the model another vocabulary than the tokenizer's.</exception>
    private static GptConfig WithVocabulary(GptConfig model, ITokenizer tokenizer) =>
        model.VocabularySize == 0 || model.VocabularySize == tokenizer.VocabularySize
            ? model with { VocabularySize = tokenizer.VocabularySize }
            : throw new UserException($"model.vocabularySize: {model.VocabularySize}, but the tokenizer ({tokenizer.Name}) has {tokenizer.VocabularySize}; leave it out.");

    /// <summary>What a run is scored on: its held-out documents, as many as its config says.</summary>
    /// <exception cref="UserException">There is nothing to predict in them.</exception>
    internal static TokenizedDocuments HeldOut(TokenizedCorpus tokens, RunConfig config)
    {
        int limit = config.Data.ValidationTokens ?? (config.Data.IsSdkDocs ? SdkDocsValidationTokens : int.MaxValue);
        TokenizedDocuments documents = tokens.Validation.Take(limit);
        return TargetBuilder.CountTargets(documents, config.Training.ScoreEnd) > 0
            ? documents
            : throw new UserException($"{tokens.Name}: {documents.Count} documents are held out for validation, none with two tokens; expected a larger corpus.");
    }

    /// <exception cref="UserException">Training needs more than the device has.</exception>
    private static void CheckFits(MemoryEstimate memory, Device device, TrainingConfig training)
    {
        if (device.MemoryBytes is { } available && memory.TotalBytes > available)
        {
            throw new UserException(FormattableString.Invariant(
                $"memory: training needs {memory.TotalBytes / 1e9:F1} GB, {memory.StepBytes / 1e9:F1} GB of it for a step of {training.TokensPerStep:N0} tokens, and {device.Description} has {available / 1e9:F1} GB; take a smaller preset, or --recompute."));
        }
    }
}
