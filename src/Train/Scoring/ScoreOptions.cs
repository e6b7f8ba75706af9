namespace TinyLM;

/// <summary>What a user asks of a scoring: a model, documents, scorers, and where the results go.</summary>
public sealed record ScoreOptions
{
    private const int MaximumThreads = 1024;

    /// <summary>A checkpoint's folder, or a run's: then its best checkpoint, or the newest where none is the best.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>As <see cref="DataConfig.Corpus"/>, all of whose documents are scored; null with <see cref="Ids"/>, or for what the run has held out.</summary>
    public string? Corpus { get; init; }

    /// <inheritdoc cref="DataConfig.Text"/>
    public string? Text { get; init; }

    /// <inheritdoc cref="DataConfig.Field"/>
    public string? Field { get; init; }

    /// <inheritdoc cref="DataConfig.Begin"/>
    public string? Begin { get; init; }

    /// <inheritdoc cref="DataConfig.End"/>
    public string? End { get; init; }

    /// <summary>A file of ready token ids (<see cref="IdsFile"/>).</summary>
    public string? Ids { get; init; }

    /// <summary>As <see cref="ScorerChoice"/> names them, in the order in which they are compared.</summary>
    public IReadOnlyList<string> Scorers { get; init; } = ["strided"];

    /// <inheritdoc cref="ScorerOptions.Window"/>
    public int? Window { get; init; }

    /// <inheritdoc cref="ScorerOptions.Stride"/>
    public int? Stride { get; init; }

    /// <summary>Whether the end of each document is a target; null: as it was in training.</summary>
    public bool? ScoreEnd { get; init; }

    /// <summary>The first documents alone are scored.</summary>
    public int? MaxDocuments { get; init; }

    /// <summary>The first documents alone are scored that have so many tokens together; at least one.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>The folder of the results; null: a new one under <c>scores</c>, or none where <see cref="Nats"/> is all that is asked for.</summary>
    public string? Out { get; init; }

    /// <summary>A file for every single score (<see cref="NatsFile"/>).</summary>
    public string? Nats { get; init; }

    /// <summary>The folder where tokenized corpora are kept; null: beside the run's, or beside the results.</summary>
    public string? Cache { get; init; }

    public string Device { get; init; } = "auto";

    /// <summary>CPU threads; default: one a core.</summary>
    public int? Threads { get; init; }

    /// <summary>The corpus that is named; null where none is.</summary>
    internal DataConfig? Data => Corpus is null && Text is null ? null : new DataConfig
    {
        Corpus = Corpus ?? "text",
        Text = Text,
        Field = Field,
        Begin = Begin,
        End = End,
    };

    /// <summary>Throws on an option that makes no sense.</summary>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Check()
    {
        if (!TinyLM.Device.KnownNames.Contains(Device))
        {
            throw new UserException($"--device: '{Device}' is unknown; known: {string.Join(", ", TinyLM.Device.KnownNames)}.");
        }

        if (Ids is not null && Data is not null)
        {
            throw new UserException($"--ids {Ids}: --corpus or --text names documents already; leave one of them out.");
        }

        if (Nats is not null && Scorers.Count > 1)
        {
            throw new UserException($"--nats {Nats}: it holds the scores of one scorer, and {Scorers.Count} are asked for: {string.Join(", ", Scorers)}; name one.");
        }

        if (Scorers.Count == 0)
        {
            throw new UserException($"--scorer: expected one or more of {string.Join(", ", ScorerChoice.Names)}.");
        }

        AtLeast("--max-documents", MaxDocuments, 1);
        AtLeast("--max-tokens", MaxTokens, 1);
        AtLeast("--threads", Threads, 1);
        if (Threads > MaximumThreads)
        {
            throw new UserException($"--threads: {Threads}, expected 1 to {MaximumThreads}.");
        }

        Data?.Validate();
    }

    private static void AtLeast(string option, long? value, long least)
    {
        if (value < least)
        {
            throw new UserException($"{option}: {value}, expected at least {least}.");
        }
    }
}
