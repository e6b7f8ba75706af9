using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>What moves the parameters.</summary>
public enum OptimizerKind
{
    /// <inheritdoc cref="AdamWOptimizer"/>
    AdamW,

    /// <inheritdoc cref="MuonOptimizer"/>
    Muon,
}

/// <summary>How the learning rate falls in the end.</summary>
public enum DecayKind
{
    /// <summary>It stays.</summary>
    None,

    /// <summary>Half a wave (Loshchilov and Hutter, "SGDR", 2017).</summary>
    Cosine,

    /// <summary>A straight line.</summary>
    Linear,
}

/// <summary>How a model is trained: data layout, optimiser, schedules, averages. <see cref="Preset"/> names recipes; a run saves its own.</summary>
public sealed partial record TrainingConfig
{
    public LayoutKind Layout { get; init; } = LayoutKind.Documents;

    /// <summary>What each epoch draws anew.</summary>
    public ShuffleKind Shuffle { get; init; } = ShuffleKind.Documents;

    /// <summary>Whether the end of a document is a target.</summary>
    public bool ScoreEnd { get; init; }

    /// <summary>The most tokens of one step; rows of a packed layout: this divided by the model's context.</summary>
    public int TokensPerStep { get; init; } = 2048;

    /// <summary>In place of <see cref="TokensPerStep"/>: tokens over the run, in stairs.</summary>
    public Schedule? TokensPerStepSchedule { get; init; }

    /// <summary>Where documents and rows are cut, over the run, in stairs: at most the model's context. Null: at the context.</summary>
    public Schedule? SequenceLengthSchedule { get; init; }

    /// <summary>
    /// The most tokens of one pass: a larger step is several, whose gradients add up (divided by the targets of the whole step), in less memory.
    /// 0: a step is one pass. At least the model's context.
    /// </summary>
    public int MicroBatchTokens { get; init; }

    /// <summary>Steps of the whole run; 0: as many as fit in <see cref="Minutes"/>, counted out after <see cref="Trainer.CalibrationSteps"/>.</summary>
    public int Steps { get; init; }

    /// <summary>Training time that a run without <see cref="Steps"/> aims at.</summary>
    public double Minutes { get; init; } = 3;

    public OptimizerKind Optimizer { get; init; }

    /// <summary>The learning rate after warm-up; with Muon, of the parameters that are left to AdamW.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>The learning rate at the end; never above <see cref="LearningRate"/>.</summary>
    public double FinalLearningRate { get; init; } = 1e-4;

    public int WarmUpSteps { get; init; } = 100;

    public DecayKind Decay { get; init; } = DecayKind.Cosine;

    /// <summary>The last part of the steps after warm-up, in which the rate falls; before it the rate stays.</summary>
    public double DecayShare { get; init; } = 1;

    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.99;

    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay of matrices.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>In place of <see cref="WeightDecay"/>: the decay over the run, in lines.</summary>
    public Schedule? WeightDecaySchedule { get; init; }

    /// <summary>The norm of all gradients is clipped to it.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>λ of the z-loss that is added to the loss; 0: none.</summary>
    public double ZLoss { get; init; }

    /// <summary>The share of what the embedding and each layer write to the residual stream that a training step drops.</summary>
    public double Dropout { get; init; }

    /// <summary>The decay of a moving average of the weights, which is saved and scored beside them; 0: none.</summary>
    public double EmaDecay { get; init; }

    /// <summary>Steps between two updates of the moving average.</summary>
    public int EmaInterval { get; init; } = 1;

    /// <summary>Where in the run weights are taken for an average of checkpoints, and how much each counts: <c>0.8:1 0.9:2 1:3</c>. Null: none.</summary>
    public Schedule? AverageSchedule { get; init; }

    /// <summary>Of the initial weights, of the data order and of dropout.</summary>
    public ulong Seed { get; init; } = 1;

    public MuonConfig Muon { get; init; } = new();

    [JsonIgnore]
    public AdamWRule Rule => new(Beta1, Beta2, Epsilon);

    /// <summary>The recipe that goes with the model preset of the same name.</summary>
    /// <exception cref="ArgumentException">The name is unknown.</exception>
    public static TrainingConfig Preset(string name) => name switch
    {
        "pretrain-default" => new() { TokensPerStep = 2048, LearningRate = 3e-3, FinalLearningRate = 1e-4 },
        "shakespeare-small" => new()
        {
            Layout = LayoutKind.Packed,
            TokensPerStep = 12 * 64,
            Steps = 2000,
            Optimizer = OptimizerKind.Muon,
            LearningRate = 2e-3,
            FinalLearningRate = 0,
            Decay = DecayKind.Linear,
        },
        "shakespeare" => new() { Layout = LayoutKind.Packed, TokensPerStep = 16 * 256, Steps = 2000 },
        "names" => new()
        {
            ScoreEnd = true,
            TokensPerStep = 1024,
            Steps = 6000,
            Optimizer = OptimizerKind.Muon,
            LearningRate = 3e-3,
            FinalLearningRate = 0,
            Decay = DecayKind.Linear,
            Dropout = 0.1,
            EmaDecay = 0.9995,
        },
        _ => throw new ArgumentException($"preset: '{name}' is unknown; known: {string.Join(", ", GptConfig.PresetNames)}."),
    };

    /// <summary>The optimiser, with a state of zeros.</summary>
    public IOptimizer CreateOptimizer(ParameterSet parameters) => Optimizer == OptimizerKind.Muon
        ? new MuonOptimizer(parameters, Muon.Rule, Rule, Muon.LearningRate / LearningRate)
        : new AdamWOptimizer(parameters, Rule);

    /// <summary>The layout for a model of the given context, of <see cref="TokensPerStep"/>.</summary>
    public BatchLayout CreateLayout(int contextLength) => new(Layout, contextLength, Math.Max(contextLength, TokensPerStep), ScoreEnd);
}
