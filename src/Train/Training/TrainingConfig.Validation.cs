using System.Text.Json;

namespace TinyLM;

/// <content>What may be asked for.</content>
public sealed partial record TrainingConfig
{
    /// <summary>Throws on a value that makes no sense.</summary>
    /// <param name="contextLength">The model's.</param>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Validate(int contextLength)
    {
        Check(TokensPerStep >= 2, nameof(TokensPerStep), TokensPerStep, "at least 2");
        Check(MicroBatchTokens == 0 || MicroBatchTokens >= contextLength, nameof(MicroBatchTokens), MicroBatchTokens, $"at least {contextLength}, the model's context, or 0 for one pass");
        Check(Steps >= 0, nameof(Steps), Steps, "at least 1, or 0 to go by time");
        Check(Minutes > 0, nameof(Minutes), Minutes, "more than 0");
        Check(LearningRate > 0, nameof(LearningRate), LearningRate, "more than 0");
        Check(FinalLearningRate >= 0, nameof(FinalLearningRate), FinalLearningRate, "at least 0");
        Check(WarmUpSteps >= 0, nameof(WarmUpSteps), WarmUpSteps, "at least 0");
        Check(DecayShare is > 0 and <= 1, nameof(DecayShare), DecayShare, "more than 0 and at most 1");
        Check(Beta1 is >= 0 and < 1, nameof(Beta1), Beta1, "at least 0 and less than 1");
        Check(Beta2 is >= 0 and < 1, nameof(Beta2), Beta2, "at least 0 and less than 1");
        Check(Epsilon > 0, nameof(Epsilon), Epsilon, "more than 0");
        Check(WeightDecay >= 0, nameof(WeightDecay), WeightDecay, "at least 0");
        Check(ZLoss >= 0, nameof(ZLoss), ZLoss, "at least 0");
        Check(ClipNorm > 0, nameof(ClipNorm), ClipNorm, "more than 0");
        Check(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "at least 0 and less than 1");
        Check(EmaDecay is >= 0 and < 1, nameof(EmaDecay), EmaDecay, "at least 0 and less than 1");
        Check(EmaInterval >= 1, nameof(EmaInterval), EmaInterval, "at least 1");
        CheckPoints(TokensPerStepSchedule, nameof(TokensPerStepSchedule), value => value is >= 2 and <= int.MaxValue, "tokens of at least 2");
        CheckPoints(SequenceLengthSchedule, nameof(SequenceLengthSchedule), value => value >= 2 && value <= contextLength, $"lengths from 2 to {contextLength}, the model's context");
        CheckPoints(WeightDecaySchedule, nameof(WeightDecaySchedule), value => value >= 0, "decays of at least 0");
        CheckPoints(AverageSchedule, nameof(AverageSchedule), value => value > 0, "weights of more than 0");
        Muon.Validate();
    }

    private static void Check(bool right, string name, double value, string expected)
    {
        if (!right || !double.IsFinite(value))
        {
            throw new UserException(FormattableString.Invariant($"training.{JsonNamingPolicy.CamelCase.ConvertName(name)}: {value}, expected {expected}."));
        }
    }

    private static void CheckPoints(Schedule? schedule, string name, Func<double, bool> right, string expected)
    {
        if (schedule?.Points.All(point => right(point.Value)) == false)
        {
            throw new UserException($"training.{JsonNamingPolicy.CamelCase.ConvertName(name)}: '{schedule}', expected {expected}.");
        }
    }
}
