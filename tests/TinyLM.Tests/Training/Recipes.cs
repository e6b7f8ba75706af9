namespace TinyLM.Tests;

/// <summary>Recipes that, between them, ask for everything that a <see cref="TrainingConfig"/> offers.</summary>
internal static class Recipes
{
    private static readonly TrainingConfig Plain = new() { TokensPerStep = 24, Steps = 8, WarmUpSteps = 2 };

    private static readonly TrainingConfig Averaged = Plain with { EmaDecay = 0.9, EmaInterval = 2, AverageSchedule = Schedule.Parse("0.4:1 0.7:2 1:3") };

    private static readonly TrainingConfig Growing = Plain with
    {
        Layout = LayoutKind.Packed,
        TokensPerStepSchedule = Schedule.Parse("0:24 0.3:36 0.7:12"),
        SequenceLengthSchedule = Schedule.Parse("0:6 0.5:12"),
    };

    public static IReadOnlyDictionary<string, TrainingConfig> All { get; } = new Dictionary<string, TrainingConfig>
    {
        ["plain"] = Plain,
        ["linear decay and a schedule of weight decay"] = Plain with { Decay = DecayKind.Linear, DecayShare = 0.4, FinalLearningRate = 0, WeightDecaySchedule = Schedule.Parse("0:1 0.5:0.1 1:2") },
        ["Muon"] = Plain with { Optimizer = OptimizerKind.Muon },
        ["slowrun's Muon"] = Plain with { Optimizer = OptimizerKind.Muon, Muon = MuonConfig.Slowrun with { MomentumWarmUpSteps = 6 } },
        ["passes"] = Plain with { MicroBatchTokens = 12 },
        ["dropout"] = Plain with { Dropout = 0.2 },
        ["averages"] = Averaged,
        ["sizes"] = Growing,
        ["all at once"] = Growing with
        {
            Optimizer = OptimizerKind.Muon,
            Muon = MuonConfig.Slowrun with { MomentumWarmUpSteps = 6 },
            MicroBatchTokens = 12,
            Dropout = 0.2,
            EmaDecay = 0.9,
            AverageSchedule = Averaged.AverageSchedule,
            ZLoss = 1e-3,
        },
    };

    public static IEnumerable<string> Names => All.Keys;
}
