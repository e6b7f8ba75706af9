using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace TinyLM;

/// <summary>Saves a training run and brings it back: weights and their averages, the optimiser's state, configs, tokenizer and the trainer's state.</summary>
public static class TrainingCheckpoint
{
    public const string ModelFile = "model.safetensors";
    public const string ConfigFile = "config.json";
    public const string TokenizerFileName = "tokenizer.json";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string TrainingFile = "training.json";
    private const string StateFile = "state.json";

    /// <summary>Saves a checkpoint of its own folder, committed as a whole.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="trainer">What is saved.</param>
    /// <param name="tokenizer">Of its tokens.</param>
    /// <param name="validationLoss">After the trainer's last step, where it was measured.</param>
    /// <exception cref="DivergedException">A weight or a moment is no finite number; nothing is saved.</exception>
    public static Checkpoint Save(CheckpointFolder folder, Trainer trainer, ITokenizer tokenizer, double? validationLoss = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ParameterSet parameters = trainer.Model.Parameters;
        long step = trainer.State.Step;
        return folder.Save(step,
        [
            new(ModelFile, stream => SafetensorsWriter.Save(stream, [.. parameters.All.Select(parameter => Entry(parameter.Name, parameter.Value, step))])),
            new(OptimizerFile, stream => SafetensorsWriter.Save(stream, [.. trainer.Optimizer.State.Select(state => Entry(state.Name, state.Value, step))])),
            .. trainer.Averages.Select(average => new CheckpointFile(
                FileOf(average), stream => SafetensorsWriter.Save(stream, [.. parameters.All.Select(parameter => Entry(parameter.Name, average.Of(parameter), step))]))),
            new(ConfigFile, stream => JsonSerializer.Serialize(stream, trainer.Model.Config, TrainingJson.Default.GptConfig)),
            new(TrainingFile, stream => JsonSerializer.Serialize(stream, trainer.Config, TrainingJson.Default.TrainingConfig)),
            new(StateFile, stream => JsonSerializer.Serialize(stream, trainer.State, TrainingJson.Default.TrainerState)),
            new(TokenizerFileName, tokenizer.Save),
        ], validationLoss);
    }

    /// <summary>The shape of the model that a checkpoint holds.</summary>
    /// <exception cref="UserException">The file is damaged, its values make no sense, or it tells of a model of more values than are saved.</exception>
    public static GptConfig ReadConfig(Checkpoint checkpoint)
    {
        GptConfig config = ReadJson(checkpoint, ConfigFile, TrainingJson.Default.GptConfig);
        string path = Path.Combine(checkpoint.FolderPath, ConfigFile);
        try
        {
            config.Validate();
        }
        catch (ArgumentException fault)
        {
            throw new UserException($"{path}: {fault.Message}", UserException.Mistake, fault);
        }

        // Before anyone makes room for them: a model has these matrices at least.
        double least = (double)config.VocabularySize * config.Width + 2.0 * config.LayerCount * config.Width * (config.Width + (double)config.HiddenWidth);
        return least * sizeof(float) <= checkpoint.LengthOf(ModelFile)
            ? config
            : throw new UserException(FormattableString.Invariant(
                $"{path}: tells of a model of {least:0} values or more, but {ModelFile} has {checkpoint.LengthOf(ModelFile)} bytes; use another checkpoint."));
    }

    /// <summary>How the run of a checkpoint is trained.</summary>
    /// <exception cref="UserException">The file is damaged, or its values make no sense.</exception>
    public static TrainingConfig ReadTraining(Checkpoint checkpoint)
    {
        int contextLength = ReadConfig(checkpoint).ContextLength;
        TrainingConfig config = ReadJson(checkpoint, TrainingFile, TrainingJson.Default.TrainingConfig);
        try
        {
            config.Validate(contextLength);
            return config;
        }
        catch (UserException fault)
        {
            throw new UserException($"{Path.Combine(checkpoint.FolderPath, TrainingFile)}: {fault.Message}", fault.ExitCode, fault);
        }
    }

    private static TrainerState ReadState(Checkpoint checkpoint)
    {
        TrainerState state = ReadJson(checkpoint, StateFile, TrainingJson.Default.TrainerState);
        return state is { Step: >= 0, TotalSteps: >= 0, Tokens: >= 0, Seconds: >= 0 and < double.PositiveInfinity, Epoch: >= 0, EpochStep: >= 0 }
            ? state
            : throw new UserException($"{Path.Combine(checkpoint.FolderPath, StateFile)}: {state} is no state of a run, expected values of 0 or more.");
    }

    public static ITokenizer ReadTokenizer(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return checkpoint.Read(TokenizerFileName, stream => TokenizerFile.Load(stream, Path.Combine(checkpoint.FolderPath, TokenizerFileName)));
    }

    /// <summary>Sets the weights of a model of the checkpoint's shape.</summary>
    /// <exception cref="UserException">The file is damaged, or of another shape.</exception>
    public static void LoadWeights(Checkpoint checkpoint, Gpt model)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(model);
        Load(checkpoint, ModelFile, model.Parameters.All.Select(parameter => (parameter.Name, parameter.Value)));
    }

    /// <summary>Sets weights, averages, the optimiser's state and the trainer's of a trainer made with the checkpoint's configs.</summary>
    /// <exception cref="UserException">A file is damaged or of another shape, or the model, the recipe or the corpus is another one.</exception>
    public static void Resume(Checkpoint checkpoint, Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        LoadWeights(checkpoint, trainer.Model);
        Load(checkpoint, OptimizerFile, trainer.Optimizer.State);
        foreach (WeightAverage average in trainer.Averages)
        {
            Load(checkpoint, FileOf(average), trainer.Model.Parameters.All.Select(parameter => (parameter.Name, average.Of(parameter))));
        }

        CheckSame(checkpoint, ConfigFile, ReadConfig(checkpoint), trainer.Model.Config);
        CheckSame(checkpoint, TrainingFile, ReadTraining(checkpoint), trainer.Config);
        trainer.State = ReadState(checkpoint);
    }

    /// <summary>A run's config may have been edited since.</summary>
    private static void CheckSame<T>(Checkpoint checkpoint, string file, T saved, T given)
    {
        if (!Equals(saved, given))
        {
            throw new UserException($"resume: {Path.Combine(checkpoint.FolderPath, file)} tells of another run than the config that is to go on; put the run's config back, or begin a new run.");
        }
    }

    private static void Load(Checkpoint checkpoint, string file, IEnumerable<(string Name, Tensor Target)> tensors) => checkpoint.Read(file, stream =>
    {
        using var reader = new SafetensorsReader(stream, Path.Combine(checkpoint.FolderPath, file), leaveOpen: true);
        foreach (var (name, target) in tensors)
        {
            var values = new float[target.Length];
            reader.Read(name, [target.Rows, target.Columns], values);
            if (FindNonFinite(values) is { } found)
            {
                throw new UserException(
                    $"{Path.Combine(checkpoint.FolderPath, file)}: tensor {name} has {Describe(values[found])} at [{found / target.Columns}, {found % target.Columns}], expected finite numbers; use another checkpoint.");
            }

            target.CopyFrom(values);
        }
    });

    private static string FileOf(WeightAverage average) => $"{average.Name}.safetensors";

    private static SafetensorsTensor Entry(string name, Tensor tensor, long step) => new(name, [tensor.Rows, tensor.Columns], values =>
    {
        tensor.CopyTo(values);
        if (FindNonFinite(values) is { } found)
        {
            throw new DivergedException(
                $"training: after step {step} {name} has {Describe(values[found])} at [{found / tensor.Columns}, {found % tensor.Columns}], which is not saved", step);
        }
    });

    private static int? FindNonFinite(ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                return i;
            }
        }

        return null;
    }

    private static string Describe(float value) => float.IsNaN(value) ? "NaN" : value > 0 ? "infinity" : "-infinity";

    private static T ReadJson<T>(Checkpoint checkpoint, string file, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return checkpoint.Read(file, stream => JsonFile.Read(stream, Path.Combine(checkpoint.FolderPath, file), type));
    }
}

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunConfig))]
[JsonSerializable(typeof(GptConfig))]
[JsonSerializable(typeof(TrainingConfig))]
[JsonSerializable(typeof(TrainerState))]
internal sealed partial class TrainingJson : JsonSerializerContext;
