namespace TinyLM.Tests;

public class ScheduleTests
{
    [TestCase(0, 2, 2)]
    [TestCase(0.1, 2, 2)]
    [TestCase(0.2, 3, 2)]
    [TestCase(0.3, 4, 4)]
    [TestCase(0.65, 6, 4)]
    [TestCase(1, 8, 8)]
    public void Points_are_joined_by_lines_or_by_stairs(double share, double line, double stair)
    {
        Schedule schedule = Schedule.Parse(" 0.1:2  0.3:4 1:8 ");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(schedule.LineAt(share), Is.EqualTo(line).Within(1e-12));
            Assert.That(schedule.StairAt(share), Is.EqualTo(stair));
            Assert.That(Schedule.Parse(schedule.ToString()), Is.EqualTo(schedule));
        }
    }

    [TestCase("")]
    [TestCase("1")]
    [TestCase("0:1 0:2")]
    [TestCase("0.5:1 0.2:2")]
    [TestCase("-0.1:1")]
    [TestCase("0:1 1.5:2")]
    [TestCase("0:a")]
    [TestCase("0:NaN")]
    [TestCase("0:1:2")]
    public void What_is_no_schedule_is_told_in_one_line(string text) =>
        Assert.That(() => Schedule.Parse(text), Throws.TypeOf<UserException>().With.Message.StartsWith($"schedule: '{text}', expected points of share:value"));

    [TestCase(DecayKind.None, 1, 1, 1, 1)]
    [TestCase(DecayKind.Linear, 1, 1, 0.5, 0)]
    [TestCase(DecayKind.Linear, 0.4, 1, 1, 0)]
    [TestCase(DecayKind.Cosine, 0.5, 1, 1, 0)]
    public void The_rate_stays_and_then_falls(DecayKind decay, double share, double atWarm, double inTheMiddle, double atEnd)
    {
        var config = new TrainingConfig { WarmUpSteps = 100, LearningRate = 1, FinalLearningRate = 0, Decay = decay, DecayShare = share };
        Assert.That(
            new[] { 100, 600, 1100 }.Select(step => config.LearningRateAt(step, 1100)), Is.EqualTo(new[] { atWarm, inTheMiddle, atEnd }).Within(1e-12));
    }

    [Test]
    public void A_line_falls_in_the_last_part_of_the_steps()
    {
        var config = new TrainingConfig { WarmUpSteps = 0, LearningRate = 2, FinalLearningRate = 1, Decay = DecayKind.Linear, DecayShare = 0.4 };
        Assert.That(new[] { 59, 60, 80, 99 }.Select(step => config.LearningRateAt(step, 100)), Is.EqualTo(new[] { 2, 2, 1.5, 1.025 }).Within(1e-12));
    }

    [Test]
    public void Weight_decay_follows_its_schedule()
    {
        TrainingConfig config = new() { WeightDecay = 0.3 }, scheduled = config with { WeightDecaySchedule = Schedule.Parse("0:1 0.5:0") };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(config.WeightDecayAt(7, 10), Is.EqualTo(0.3));
            Assert.That(scheduled.WeightDecayAt(2, 8), Is.EqualTo(0.5));
            Assert.That(scheduled.WeightDecayAt(7, 8), Is.Zero);
            Assert.That(scheduled.WeightDecayAt(7, totalSteps: 0), Is.EqualTo(1), "a run by time that does not know its length yet");
        }
    }

    [Test]
    public void Momentum_warms_up_in_a_line()
    {
        MuonRule rule = MuonConfig.Slowrun.Rule;
        Assert.That(new[] { 1, 151, 300, 301, 9000 }.Select(step => rule.MomentumAt(step)), Is.EqualTo(new[] { 0.85, 0.9, 0.85 + 0.1 * 299 / 300, 0.95, 0.95 }).Within(1e-12));
    }
}
