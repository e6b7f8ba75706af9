using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>How a model is trained: data layout, optimiser, schedule. <see cref="Preset"/> names recipes; a run saves its own.</summary>
public sealed record TrainingConfig
{
    public LayoutKind Layout { get; init; } = LayoutKind.Documents;

    /// <summary>Whether the end of a document is a target.</summary>
    public bool ScoreEnd { get; init; }

    /// <summary>The most tokens of one step; rows of a packed layout: this divided by the model's context.</summary>
    public int TokensPerStep { get; init; } = 2048;

    /// <summary>Steps of the whole run; 0: as many as fit in <see cref="Minutes"/>, counted out after <see cref="Trainer.CalibrationSteps"/>.</summary>
    public int Steps { get; init; }

    /// <summary>Training time that a run without <see cref="Steps"/> aims at.</summary>
    public double Minutes { get; init; } = 3;

    /// <summary>The learning rate after warm-up.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>The learning rate at the end; never above <see cref="LearningRate"/>.</summary>
    public double FinalLearningRate { get; init; } = 1e-4;

    public int WarmUpSteps { get; init; } = 100;

    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.99;

    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay of matrices.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>The norm of all gradients is clipped to it.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>λ of the z-loss that is added to the loss; 0: none.</summary>
    public double ZLoss { get; init; }

    /// <summary>Of the initial weights and of the data order.</summary>
    public ulong Seed { get; init; } = 1;

    [JsonIgnore]
    public AdamWRule Rule => new(Beta1, Beta2, Epsilon);

    /// <summary>The recipe that goes with the model preset of the same name.</summary>
    /// <exception cref="ArgumentException">The name is unknown.</exception>
    public static TrainingConfig Preset(string name) => name switch
    {
        "pretrain-default" => new() { TokensPerStep = 2048, LearningRate = 3e-3, FinalLearningRate = 1e-4 },
        "shakespeare-small" => new() { Layout = LayoutKind.Packed, TokensPerStep = 12 * 64, Steps = 2000, LearningRate = 2e-3 },
        "shakespeare" => new() { Layout = LayoutKind.Packed, TokensPerStep = 16 * 256, Steps = 2000 },
        "names" => new() { ScoreEnd = true, TokensPerStep = 512, Steps = 3000, LearningRate = 3e-3 },
        _ => throw new ArgumentException($"preset: '{name}' is unknown; known: {string.Join(", ", GptConfig.PresetNames)}."),
    };

    /// <summary>Linear warm-up, then a cosine down to the final rate (Loshchilov and Hutter, "SGDR", 2017).</summary>
    /// <param name="step">From 0.</param>
    /// <param name="totalSteps">Of the whole run; while it is still unknown, 0: the rate stays at its peak after warm-up.</param>
    public double LearningRateAt(long step, long totalSteps)
    {
        if (step < WarmUpSteps)
        {
            return LearningRate * (step + 1) / (WarmUpSteps + 1);
        }

        if (totalSteps <= WarmUpSteps)
        {
            return LearningRate;
        }

        double progress = Math.Min(1, (double)(step - WarmUpSteps) / (totalSteps - WarmUpSteps));
        double final = Math.Min(FinalLearningRate, LearningRate);
        return final + (LearningRate - final) * (1 + Math.Cos(Math.PI * progress)) / 2;
    }

    /// <summary>The layout for a model of the given context.</summary>
    public BatchLayout CreateLayout(int contextLength)
    {
        int rows = Math.Max(1, TokensPerStep / contextLength);
        return Layout switch
        {
            LayoutKind.Packed => BatchLayout.Packed(contextLength, rows, ScoreEnd),
            LayoutKind.Chunked => BatchLayout.Chunked(contextLength, rows, ScoreEnd),
            _ => BatchLayout.Documents(contextLength, Math.Max(contextLength, TokensPerStep), ScoreEnd),
        };
    }

    /// <summary>Throws on a value that makes no sense.</summary>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Validate()
    {
        Check(TokensPerStep >= 2, nameof(TokensPerStep), TokensPerStep, "at least 2");
        Check(Steps >= 0, nameof(Steps), Steps, "at least 1, or 0 to go by time");
        Check(Minutes > 0, nameof(Minutes), Minutes, "more than 0");
        Check(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "more than 0");
        Check(WarmUpSteps >= 0, nameof(WarmUpSteps), WarmUpSteps, "at least 0");
        Check(WeightDecay >= 0, nameof(WeightDecay), WeightDecay, "at least 0");
        Check(ZLoss >= 0 && double.IsFinite(ZLoss), nameof(ZLoss), ZLoss, "at least 0");
        Check(ClipNorm > 0, nameof(ClipNorm), ClipNorm, "more than 0");
    }

    private static void Check(bool right, string name, double value, string expected)
    {
        if (!right)
        {
            throw new UserException(FormattableString.Invariant($"training.{JsonNamingPolicy.CamelCase.ConvertName(name)}: {value}, expected {expected}."));
        }
    }
}
