using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>What a user asks of a pretraining run. A field that is null was not given: a resumed run then keeps its own, a new one takes the default.</summary>
public sealed record PretrainOptions
{
    /// <summary>The kinds of corpus.</summary>
    public static IReadOnlyList<string> CorpusKinds { get; } = ["sdk-docs", "text", "lines", "folder"];

    public static IReadOnlyList<string> TokenizerKinds { get; } = ["bytes", "characters"];

    /// <summary>Of <see cref="CorpusKinds"/>; default: sdk-docs.</summary>
    public string? Corpus { get; init; }

    /// <summary>The file or folder of the corpus.</summary>
    public string? Text { get; init; }

    /// <summary>Of <see cref="TokenizerKinds"/>; default: bytes.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Shape and recipe; default: pretrain-default.</summary>
    public string? Preset { get; init; }

    /// <summary>Default: the recipe's.</summary>
    public LayoutKind? Layout { get; init; }

    /// <summary>Default: the recipe's, or as many as fit in <see cref="Minutes"/>.</summary>
    public int? Steps { get; init; }

    public double? Minutes { get; init; }

    public double? LearningRate { get; init; }

    public ulong? Seed { get; init; }

    /// <summary>Held-out tokens that are scored at most; default: 250,000 of the SDK's documentation, all of another corpus.</summary>
    public int? ValidationTokens { get; init; }

    /// <summary>Begin of the sampled texts.</summary>
    public string? Prompt { get; init; }

    /// <summary>The folder of the run.</summary>
    [JsonIgnore]
    public string? Out { get; init; }

    [JsonIgnore]
    public bool Resume { get; init; }

    [JsonIgnore]
    public string Device { get; init; } = "auto";

    [JsonIgnore]
    public int Threads { get; init; }

    /// <summary>Seconds between two checkpoints; they do not change the result.</summary>
    [JsonIgnore]
    public double SaveSeconds { get; init; } = 20;

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
            Steps = Same("--steps", Steps, saved.Steps),
            Minutes = Same("--minutes", Minutes, saved.Minutes),
            LearningRate = Same("--learning-rate", LearningRate, saved.LearningRate),
            Seed = Same("--seed", Seed, saved.Seed),
            ValidationTokens = ValidationTokens ?? saved.ValidationTokens,
            Prompt = Prompt ?? saved.Prompt,
        };
    }

    private static T? Same<T>(string option, T? given, T? saved) => given is null || Equals(given, saved)
        ? saved
        : throw new UserException($"{option}: the run was begun with {saved?.ToString() ?? "the default"}, not {given}; leave it out to go on, or begin a new run in another folder.");
}
