using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>Saves a training run and brings it back: weights, moments, configs, tokenizer and the trainer's state.</summary>
public static class TrainingCheckpoint
{
    public const string ModelFile = "model.safetensors";
    public const string ConfigFile = "config.json";
    public const string TokenizerFileName = "tokenizer.json";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string TrainingFile = "training.json";
    private const string StateFile = "state.json";

    /// <summary>Saves a checkpoint of its own folder, committed as a whole.</summary>
    public static Checkpoint Save(CheckpointFolder folder, Trainer trainer, ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ParameterSet parameters = trainer.Model.Parameters;
        AdamWOptimizer optimizer = trainer.Optimizer;
        return folder.Save(trainer.State.Step,
        [
            new(ModelFile, stream => SafetensorsWriter.Save(stream, [.. parameters.All.Select(Entry)])),
            new(OptimizerFile, stream => SafetensorsWriter.Save(stream, [Entry("first", optimizer.FirstMoments), Entry("second", optimizer.SecondMoments)])),
            new(ConfigFile, stream => JsonSerializer.Serialize(stream, trainer.Model.Config, TrainingJson.Default.GptConfig)),
            new(TrainingFile, stream => JsonSerializer.Serialize(stream, trainer.Config, TrainingJson.Default.TrainingConfig)),
            new(StateFile, stream => JsonSerializer.Serialize(stream, trainer.State, TrainingJson.Default.TrainerState)),
            new(TokenizerFileName, tokenizer.Save),
        ]);
    }

    /// <summary>The shape of the model that a checkpoint holds.</summary>
    public static GptConfig ReadConfig(Checkpoint checkpoint) => ReadJson(checkpoint, ConfigFile, TrainingJson.Default.GptConfig);

    /// <summary>How the run of a checkpoint is trained.</summary>
    public static TrainingConfig ReadTraining(Checkpoint checkpoint) => ReadJson(checkpoint, TrainingFile, TrainingJson.Default.TrainingConfig);

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

    /// <summary>Sets weights, moments and state of a trainer made with the checkpoint's configs.</summary>
    /// <exception cref="UserException">A file is damaged or of another shape, or the corpus is another one.</exception>
    public static void Resume(Checkpoint checkpoint, Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        LoadWeights(checkpoint, trainer.Model);
        Load(checkpoint, OptimizerFile, [("first", trainer.Optimizer.FirstMoments), ("second", trainer.Optimizer.SecondMoments)]);
        trainer.State = ReadJson(checkpoint, StateFile, TrainingJson.Default.TrainerState);
    }

    private static void Load(Checkpoint checkpoint, string file, IEnumerable<(string Name, Tensor Target)> tensors) => checkpoint.Read(file, stream =>
    {
        using var reader = new SafetensorsReader(stream, Path.Combine(checkpoint.FolderPath, file), leaveOpen: true);
        foreach (var (name, target) in tensors)
        {
            var values = new float[target.Length];
            reader.Read(name, [target.Rows, target.Columns], values);
            target.CopyFrom(values);
        }
    });

    private static SafetensorsTensor Entry(Parameter parameter) => Entry(parameter.Name, parameter.Value);

    private static SafetensorsTensor Entry(string name, Tensor tensor) => new(name, [tensor.Rows, tensor.Columns], tensor.CopyTo);

    private static T ReadJson<T>(Checkpoint checkpoint, string file, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return checkpoint.Read(file, stream =>
        {
            try
            {
                return JsonSerializer.Deserialize(stream, type) ?? throw new JsonException("it is null");
            }
            catch (JsonException fault)
            {
                throw new UserException($"{Path.Combine(checkpoint.FolderPath, file)}: is not a valid {type.Type.Name}: {fault.Message}", UserException.Mistake, fault);
            }
        });
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RunConfig))]
[JsonSerializable(typeof(GptConfig))]
[JsonSerializable(typeof(TrainingConfig))]
[JsonSerializable(typeof(TrainerState))]
internal sealed partial class TrainingJson : JsonSerializerContext;
