namespace TinyLM;

/// <summary>The documents of a scoring.</summary>
/// <param name="Name">Where they come from, for people.</param>
/// <param name="Documents">The documents.</param>
/// <param name="Overlap">How many are, token for token, among those that the model was trained on; null where these are not known.</param>
internal sealed record ScoredDocuments(string Name, TokenizedDocuments Documents, int? Overlap)
{
    /// <summary>Those that the options name, or what the model's run has held out.</summary>
    /// <exception cref="UserException">There are none, or they cannot be read.</exception>
    public static ScoredDocuments Find(ScoreOptions options, CheckpointChoice choice, ITokenizer tokenizer, TrainingDisplay display)
    {
        TokenizedCorpus? corpus = OfRun(options, choice, tokenizer, display, out RunConfig? config);
        var (name, documents) =
            options.Ids is { } path ? (path, IdsFile.Read(path, tokenizer.VocabularySize, tokenizer.BosId))
            : options.Data is { IsSdkDocs: false } data ? (data.Text!, Read(data, options, choice, tokenizer, display))
            : corpus is not null && (options.Data is null || config!.Data.IsSdkDocs) ? ($"held out of {corpus.Name}", PretrainRun.HeldOut(corpus, config!))
            : throw new UserException(
                $"--checkpoint {options.Checkpoint}: there is no run to tell what was held out; name documents with --corpus and --text, or --ids.");
        documents = documents.TakeDocuments(options.MaxDocuments ?? int.MaxValue).Take(options.MaxTokens ?? long.MaxValue);
        return new ScoredDocuments(name, documents, corpus is null ? null : documents.CountOverlap(corpus.Training));
    }

    /// <summary>What the run was trained on and has held out. Where its files are gone, only those who need what was held out must know.</summary>
    private static TokenizedCorpus? OfRun(ScoreOptions options, CheckpointChoice choice, ITokenizer tokenizer, TrainingDisplay display, out RunConfig? config)
    {
        config = null;
        if (choice.RunFolder is not { } path)
        {
            return null;
        }

        try
        {
            var run = new PretrainOptions { Out = path, Resume = true };
            var folder = RunFolder.Open(run);
            config = folder.Config(run);
            return TokenizedCorpus.Create(CorpusChoice.Open(config.Data), tokenizer, options.Cache ?? folder.DefaultCache, options.Threads ?? 0, display.Work);
        }
        catch (UserException fault) when (options.Ids is not null || options.Data is not null)
        {
            display.Line($"what the model was trained on cannot be read, so nobody knows whether these documents are among it: {fault.Message}");
            return null;
        }
    }

    /// <summary>All documents of a source, as they are.</summary>
    private static TokenizedDocuments Read(DataConfig data, ScoreOptions options, CheckpointChoice choice, ITokenizer tokenizer, TrainingDisplay display)
    {
        var source = CorpusChoice.OpenSource(data, data.Text!);
        if (source.BosId is { } bos && bos != tokenizer.BosId)
        {
            throw new UserException($"{source.Name}: its documents come as tokens and begin with id {bos}, but the model's tokenizer '{tokenizer.Name}' begins them with {tokenizer.BosId}.");
        }

        string cache = options.Cache ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(choice.RunFolder ?? options.Out ?? "scores/results"))!, "token-cache");
        string key = DocumentSource.Hash($"{source.Identity} scored with {TokenStore.HashOf(tokenizer)}")[..16];
        TokenStore? store = null;
        display.Work($"tokenizing {source.Name}", source.Size, progress => store = TokenStore.Create(
            Path.Combine(cache, $"scored-{key}.tokens"), source.Read(progress), tokenizer, source.Name, source.Fingerprint(), duplicateCount: 0,
            options.Threads ?? Environment.ProcessorCount));
        return store!.Documents;
    }
}
