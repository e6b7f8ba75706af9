using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>What a user asks of a pretraining run. A field that is null was not given: a resumed run then keeps its own, a new one takes the default.</summary>
public sealed record PretrainOptions
{
    private const int MaximumThreads = 1024;

    /// <summary>The kinds of corpus.</summary>
    public static IReadOnlyList<string> CorpusKinds { get; } = ["sdk-docs", "text", "lines", "folder"];

    /// <summary>Of <see cref="CorpusKinds"/>; default: sdk-docs.</summary>
    public string? Corpus { get; init; }

    /// <summary>The file or folder of the corpus.</summary>
    public string? Text { get; init; }

    /// <summary>See <see cref="TokenizerChoice"/>; default: bytes.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Shape and recipe; default: pretrain-default.</summary>
    public string? Preset { get; init; }

    /// <summary>Default: the recipe's.</summary>
    public LayoutKind? Layout { get; init; }

    /// <summary>Default: the recipe's.</summary>
    public ShuffleKind? Shuffle { get; init; }

    /// <summary>Default: the recipe's, or as many as fit in <see cref="Minutes"/>.</summary>
    public int? Steps { get; init; }

    public double? Minutes { get; init; }

    public double? LearningRate { get; init; }

    public ulong? Seed { get; init; }

    /// <summary>Held-out tokens that are scored at most; default: 250,000 of the SDK's documentation, all of another corpus.</summary>
    public int? ValidationTokens { get; init; }

    /// <summary>Begin of the sampled texts; default: that of a member's name in the SDK's documentation, nothing in another corpus.</summary>
    public string? Prompt { get; init; }

    /// <summary>The folder of the run.</summary>
    [JsonIgnore]
    public string? Out { get; init; }

    [JsonIgnore]
    public bool Resume { get; init; }

    [JsonIgnore]
    public string Device { get; init; } = "auto";

    /// <summary>CPU threads; default: one a core.</summary>
    [JsonIgnore]
    public int? Threads { get; init; }

    /// <summary>Seconds between two checkpoints; they do not change the result.</summary>
    [JsonIgnore]
    public double SaveSeconds { get; init; } = 20;

    /// <summary>Compute each block again in the backward pass: less memory, more time, the same result.</summary>
    [JsonIgnore]
    public bool Recompute { get; init; }

    /// <summary>Stop at the first NaN or infinity of a step and name the op that made it; slow.</summary>
    [JsonIgnore]
    public bool DetectAnomalies { get; init; }

    /// <summary>Print where the time of the training steps went, op by op; a little slower.</summary>
    [JsonIgnore]
    public bool Profile { get; init; }

    /// <summary>Throws on a value that is unknown or makes no sense.</summary>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Check()
    {
        Known("--corpus", Corpus, CorpusKinds);
        Known("--preset", Preset, GptConfig.PresetNames);
        Known("--device", Device, TinyLM.Device.KnownNames);
        if (!IsSdkDocs && Text is null)
        {
            throw new UserException($"--corpus {Corpus} needs a {(Corpus == "folder" ? "folder" : "file")}: add --text PATH.");
        }

        if (IsSdkDocs && Text is not null)
        {
            throw new UserException($"--text {Text}: the corpus is {TinyLM.Corpus.SdkDocsSource}, which is no file; add --corpus text, lines or folder.");
        }

        if (Steps is not null && Minutes is not null)
        {
            throw new UserException($"--minutes {Minutes}: --steps {Steps} says already how long the run is; leave one of them out.");
        }

        if (Profile && DetectAnomalies)
        {
            throw new UserException("--profile: --detect-anomalies looks at every value, and would be what is timed; leave one of them out.");
        }

        Within("--steps", Steps >= 1, Steps, "at least 1");
        Within("--minutes", Minutes > 0, Minutes, "more than 0");
        Within("--learning-rate", LearningRate > 0 && double.IsFinite(LearningRate.Value), LearningRate, "more than 0");
        Within("--validation-tokens", ValidationTokens >= 2, ValidationTokens, "at least 2");
        Within("--threads", Threads is >= 1 and <= MaximumThreads, Threads, $"1 to {MaximumThreads}");
        Within("--save-seconds", SaveSeconds >= 0, SaveSeconds, "at least 0");
    }

    /// <summary>Whether the corpus is the SDK's documentation, the default.</summary>
    [JsonIgnore]
    public bool IsSdkDocs => Corpus is null or TinyLM.Corpus.SdkDocsSource;

    /// <summary>These options over those that the run began with.</summary>
    /// <exception cref="UserException">One that was given differs: it would be another run.</exception>
    public PretrainOptions Over(PretrainOptions saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        return this with
        {
            Corpus = Same("--corpus", Corpus, saved.Corpus),
            Text = Same("--text", Text is null ? null : Path.GetFullPath(Text), saved.Text),
            Tokenizer = Same("--tokenizer", Tokenizer, saved.Tokenizer),
            Preset = Same("--preset", Preset, saved.Preset),
            Layout = Same("--layout", Layout, saved.Layout),
            Shuffle = Same("--shuffle", Shuffle, saved.Shuffle),
            Steps = Same("--steps", Steps, saved.Steps),
            Minutes = Same("--minutes", Minutes, saved.Minutes),
            LearningRate = Same("--learning-rate", LearningRate, saved.LearningRate),
            Seed = Same("--seed", Seed, saved.Seed),
            ValidationTokens = ValidationTokens ?? saved.ValidationTokens,
            Prompt = Prompt ?? saved.Prompt,
        };
    }

    private static void Known(string option, string? value, IReadOnlyList<string> known)
    {
        if (value is not null && !known.Contains(value))
        {
            throw new UserException($"{option}: '{value}' is unknown; known: {string.Join(", ", known)}.");
        }
    }

    private static void Within(string option, bool right, double? value, string expected)
    {
        if (value is not null && !right)
        {
            throw new UserException(FormattableString.Invariant($"{option}: {value}, expected {expected}."));
        }
    }

    private static T? Same<T>(string option, T? given, T? saved) => given is null || Equals(given, saved)
        ? saved
        : throw new UserException($"{option}: the run was begun with {saved?.ToString() ?? "the default"}, not {given}; leave it out to go on, or begin a new run in another folder.");
}
