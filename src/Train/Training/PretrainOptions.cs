using System.Globalization;

namespace TinyLM;

/// <summary>
/// What a user asks of a pretraining run: fields of its config, each by a name of its own or by path, and how it is to run, which changes nothing
/// of the result. A field that is null was not given: a resumed run then keeps its own, a new one takes the preset's.
/// </summary>
public sealed record PretrainOptions
{
    private const int MaximumThreads = 1024;

    /// <summary>Shape and recipe, of <see cref="GptConfig.PresetNames"/>; default: the first.</summary>
    public string? Preset { get; init; }

    /// <summary>Fields of the config, as <c>path=value</c>; they win over all others here.</summary>
    public IReadOnlyList<string> Set { get; init; } = [];

    /// <inheritdoc cref="DataConfig.Corpus"/>
    public string? Corpus { get; init; }

    /// <inheritdoc cref="DataConfig.Text"/>
    public string? Text { get; init; }

    /// <inheritdoc cref="DataConfig.Validation"/>
    public string? Validation { get; init; }

    /// <inheritdoc cref="DataConfig.Field"/>
    public string? Field { get; init; }

    /// <inheritdoc cref="DataConfig.Begin"/>
    public string? Begin { get; init; }

    /// <inheritdoc cref="DataConfig.End"/>
    public string? End { get; init; }

    /// <inheritdoc cref="DataConfig.Tokenizer"/>
    public string? Tokenizer { get; init; }

    /// <inheritdoc cref="TrainingConfig.Layout"/>
    public string? Layout { get; init; }

    /// <inheritdoc cref="TrainingConfig.Shuffle"/>
    public string? Shuffle { get; init; }

    /// <inheritdoc cref="TrainingConfig.Steps"/>
    public int? Steps { get; init; }

    /// <inheritdoc cref="TrainingConfig.Minutes"/>
    public double? Minutes { get; init; }

    /// <inheritdoc cref="TrainingConfig.LearningRate"/>
    public double? LearningRate { get; init; }

    /// <inheritdoc cref="TrainingConfig.Seed"/>
    public ulong? Seed { get; init; }

    /// <inheritdoc cref="DataConfig.ValidationTokens"/>
    public int? ValidationTokens { get; init; }

    /// <inheritdoc cref="DataConfig.Prompt"/>
    public string? Prompt { get; init; }

    /// <summary>Print what each layout costs, and train nothing.</summary>
    public bool ShowLayouts { get; init; }

    /// <summary>The folder of the run.</summary>
    public string? Out { get; init; }

    public bool Resume { get; init; }

    /// <summary>The folder where tokenized corpora are kept; default: token-cache beside the run's folder.</summary>
    public string? Cache { get; init; }

    public string Device { get; init; } = "auto";

    /// <summary>CPU threads; default: one a core, or as many as the container allows.</summary>
    public int? Threads { get; init; }

    /// <summary>Seconds between two checkpoints; they do not change the result.</summary>
    public double SaveSeconds { get; init; } = 20;

    /// <summary>How many of the newest checkpoints are kept, beside the best.</summary>
    public int Keep { get; init; } = CheckpointFolder.DefaultKeepCount;

    /// <summary>Steps from one validation during training to the next; 0: none; null: twenty times a run. They do not change the result.</summary>
    public int? ValidateEvery { get; init; }

    /// <summary>Compute each block again in the backward pass: less memory, more time, the same result.</summary>
    public bool Recompute { get; init; }

    /// <summary>Stop at the first NaN or infinity of a step and name the op that made it; slow.</summary>
    public bool DetectAnomalies { get; init; }

    /// <summary>Print where the time of the training steps went, op by op; a little slower.</summary>
    public bool Profile { get; init; }

    /// <summary>The preset that a new run begins as.</summary>
    public string PresetOrDefault => Preset ?? GptConfig.PresetNames[0];

    /// <summary>All fields of the config that were given, under the names that they were given by.</summary>
    /// <exception cref="UserException">One of <see cref="Set"/> is not <c>path=value</c>.</exception>
    public IReadOnlyList<Setting> Settings() =>
    [
        .. new (string Option, string Path, object? Value)[]
        {
            ("--corpus", "data.corpus", Corpus),
            ("--text", "data.text", Text),
            ("--validation", "data.validation", Validation),
            ("--field", "data.field", Field),
            ("--begin", "data.begin", Begin),
            ("--end", "data.end", End),
            ("--tokenizer", "data.tokenizer", Tokenizer),
            ("--validation-tokens", "data.validationTokens", ValidationTokens),
            ("--prompt", "data.prompt", Prompt),
            ("--layout", "training.layout", Layout),
            ("--shuffle", "training.shuffle", Shuffle),
            ("--steps", "training.steps", Steps),

            // A run by time counts its steps out by itself.
            ("--minutes", "training.steps", Minutes is null ? null : 0),
            ("--minutes", "training.minutes", Minutes),
            ("--learning-rate", "training.learningRate", LearningRate),
            ("--seed", "training.seed", Seed),
        }.Where(field => field.Value is not null)
            .Select(field => new Setting(field.Option, field.Path, Convert.ToString(field.Value, CultureInfo.InvariantCulture)!)),
        .. Set.Select(Setting.Parse),
    ];

    /// <summary>The config of a new run.</summary>
    /// <exception cref="UserException">Something is unknown or makes no sense.</exception>
    public RunConfig CreateConfig() => RunConfig.Of(PresetOrDefault).With(Settings());

    /// <summary>Throws on an option that is unknown or makes no sense; the config has its own check.</summary>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Check()
    {
        if (!TinyLM.Device.KnownNames.Contains(Device))
        {
            throw new UserException($"--device: '{Device}' is unknown; known: {string.Join(", ", TinyLM.Device.KnownNames)}.");
        }

        if (Steps is not null && Minutes is not null)
        {
            throw new UserException($"--minutes {Minutes}: --steps {Steps} says already how long the run is; leave one of them out.");
        }

        if (Profile && DetectAnomalies)
        {
            throw new UserException("--profile: --detect-anomalies looks at every value, and would be what is timed; leave one of them out.");
        }

        Within("--steps", Steps is null or >= 1, Steps, "at least 1");
        Within("--threads", Threads is null or (>= 1 and <= MaximumThreads), Threads, $"1 to {MaximumThreads}");
        Within("--save-seconds", SaveSeconds >= 0, SaveSeconds, "at least 0");
        Within("--keep", Keep >= 1, Keep, "at least 1");
        Within("--validate-every", ValidateEvery is null or >= 0, ValidateEvery, "at least 1, or 0 for none");
    }

    private static void Within(string option, bool right, double? value, string expected)
    {
        if (!right)
        {
            throw new UserException(FormattableString.Invariant($"{option}: {value}, expected {expected}."));
        }
    }
}
