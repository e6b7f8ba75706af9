using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>The coefficients that Muon orthogonalises with.</summary>
public enum NewtonSchulzKind
{
    /// <inheritdoc cref="NewtonSchulzRule.Jordan"/>
    Jordan,

    /// <inheritdoc cref="NewtonSchulzRule.PolarExpress"/>
    PolarExpress,
}

/// <summary>Muon's part of a recipe; where it has no part, nothing of it counts.</summary>
public sealed record MuonConfig
{
    /// <summary>The learning rate after warm-up; it falls as AdamW's does.</summary>
    public double LearningRate { get; init; } = 0.02;

    /// <inheritdoc cref="MuonRule"/>
    public double Momentum { get; init; } = 0.95;

    /// <inheritdoc cref="MuonRule.FirstMomentum"/>
    public double FirstMomentum { get; init; } = 0.85;

    /// <inheritdoc cref="MuonRule.MomentumWarmUpSteps"/>
    public int MomentumWarmUpSteps { get; init; }

    /// <summary>Whether the step looks ahead along the momentum.</summary>
    public bool Nesterov { get; init; } = true;

    public NewtonSchulzKind Coefficients { get; init; }

    /// <inheritdoc cref="MuonRule.VarianceDecay"/>
    public double VarianceDecay { get; init; }

    /// <inheritdoc cref="MuonRule.CautiousDecay"/>
    public bool CautiousDecay { get; init; }

    /// <summary>slowrun's variant: evened variance, coefficients that change from step to step of the iteration, cautious decay, momentum that warms up.</summary>
    public static MuonConfig Slowrun { get; } = new()
    {
        LearningRate = 0.032,
        MomentumWarmUpSteps = 300,
        Coefficients = NewtonSchulzKind.PolarExpress,
        VarianceDecay = 0.95,
        CautiousDecay = true,
    };

    [JsonIgnore]
    public MuonRule Rule => new(Momentum, Nesterov)
    {
        FirstMomentum = FirstMomentum,
        MomentumWarmUpSteps = MomentumWarmUpSteps,
        Orthogonalization = Coefficients == NewtonSchulzKind.Jordan ? NewtonSchulzRule.Jordan : NewtonSchulzRule.PolarExpress,
        VarianceDecay = VarianceDecay,
        CautiousDecay = CautiousDecay,
    };

    /// <summary>Throws on a value that makes no sense.</summary>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Validate()
    {
        Check(LearningRate > 0 && double.IsFinite(LearningRate), "learningRate", LearningRate, "more than 0");
        Check(Momentum is >= 0 and < 1, "momentum", Momentum, "at least 0 and less than 1");
        Check(FirstMomentum is >= 0 and < 1, "firstMomentum", FirstMomentum, "at least 0 and less than 1");
        Check(MomentumWarmUpSteps >= 0, "momentumWarmUpSteps", MomentumWarmUpSteps, "at least 0");
        Check(VarianceDecay is >= 0 and < 1, "varianceDecay", VarianceDecay, "at least 0 and less than 1");
    }

    private static void Check(bool right, string name, double value, string expected)
    {
        if (!right)
        {
            throw new UserException(FormattableString.Invariant($"training.muon.{name}: {value}, expected {expected}."));
        }
    }
}
