using System.Text.Json;
using System.Text.Json.Nodes;

namespace TinyLM;

/// <summary>
/// All that makes a run what it is, saved with it as <c>run.json</c>: two runs of equal configs over equal data end with equal weights. It begins
/// as a preset; <see cref="With"/> sets any field by its path.
/// </summary>
public sealed record RunConfig
{
    /// <summary>Fields that a resumed run may change: they tell what is asked of the trained model.</summary>
    private static readonly string[] NotOfTraining = ["data.validationTokens", "data.prompt"];

    /// <summary>The preset that it began as, of <see cref="GptConfig.PresetNames"/>.</summary>
    public required string Preset { get; init; }

    public DataConfig Data { get; init; } = new();

    /// <summary>Until the tokenizer is known, its vocabulary size is 0.</summary>
    public required GptConfig Model { get; init; }

    public required TrainingConfig Training { get; init; }

    /// <summary>The model and the recipe of a preset.</summary>
    /// <exception cref="UserException">There is none of that name.</exception>
    public static RunConfig Of(string preset) => GptConfig.PresetNames.Contains(preset)
        ? new() { Preset = preset, Model = GptConfig.Preset(preset, vocabularySize: 0), Training = TrainingConfig.Preset(preset) }
        : throw new UserException($"--preset: '{preset}' is unknown; known: {string.Join(", ", GptConfig.PresetNames)}.");

    /// <summary>This one with some fields set, the later ones over the earlier. Paths of files become whole ones.</summary>
    /// <exception cref="UserException">A path names no field, or a value is not of its kind.</exception>
    public RunConfig With(IEnumerable<Setting> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        JsonObject root = ToNode();
        foreach (Setting setting in settings)
        {
            ConfigPath.Set(root, setting);
        }

        RunConfig config = root.Deserialize(TrainingJson.Default.RunConfig)!;
        return config with { Data = config.Data with { Text = Full(config.Data.Text), Validation = Full(config.Data.Validation) } };
    }

    /// <summary>This config of a begun run, which settings may repeat; they change only what has no part in training.</summary>
    /// <exception cref="UserException">A setting differs: it would be another run.</exception>
    public RunConfig Resumed(IReadOnlyList<Setting> settings)
    {
        RunConfig given = With(settings);
        JsonObject before = ToNode(), after = given.ToNode();
        foreach (Setting setting in settings)
        {
            JsonNode? saved = ConfigPath.Find(before, setting.Path);
            if (!JsonNode.DeepEquals(saved, ConfigPath.Find(after, setting.Path)) && !NotOfTraining.Contains(setting.Path))
            {
                throw new UserException(
                    $"{setting.Option}: the run was begun with {saved?.ToString() ?? "none"}, not {setting.Value}; leave it out to go on, or begin a new run in another folder.");
            }
        }

        return given;
    }

    /// <summary>As it is saved: JSON, indented.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, TrainingJson.Default.RunConfig);

    /// <summary>Throws on values that make no sense, each for itself or together.</summary>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Validate()
    {
        Data.Validate();
        Training.Validate();
        try
        {
            // The tokenizer's vocabulary is not known yet.
            (Model with { VocabularySize = Math.Max(1, Model.VocabularySize) }).Validate();
        }
        catch (ArgumentException fault)
        {
            throw new UserException(fault.Message, UserException.Mistake, fault);
        }
    }

    private static string? Full(string? path) => path is null ? null : Path.GetFullPath(path);

    private JsonObject ToNode() => (JsonObject)JsonSerializer.SerializeToNode(this, TrainingJson.Default.RunConfig)!;
}
