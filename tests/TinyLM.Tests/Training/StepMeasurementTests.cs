using System.Diagnostics;

namespace TinyLM.Tests;

/// <summary>What a step tells of itself: the norm of each layer, its arithmetic, where its time went.</summary>
public class StepMeasurementTests
{
    private static readonly TrainingConfig Training = new() { TokensPerStep = 24, Steps = 8, WarmUpSteps = 2 };
    private static readonly TokenizedDocuments Documents = TinyModels.Documents(5, 5, 9, 2, 12, 7, 7, 20, 3);

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void The_norms_of_the_layers_make_up_that_of_all_gradients(GptConfig config)
    {
        using Device device = Device.Open("cpu", 1);
        var trainer = new Trainer(new Gpt(device, config, 1), Documents, Training);
        StepMetrics step = trainer.Step();
        IReadOnlyDictionary<string, double> norms = LayerNorms.Of(trainer.Model.Parameters);
        double block = Math.Sqrt(trainer.Model.Parameters.All.Where(parameter => parameter.Name.StartsWith("blocks.0.", StringComparison.Ordinal))
            .Sum(parameter => parameter.Gradient.ToArray().Sum(value => (double)value * value)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(norms.Keys.Count(layer => layer.StartsWith("blocks.", StringComparison.Ordinal)), Is.EqualTo(config.LayerCount));
            Assert.That(norms, Contains.Key("embedding").And.ContainKey("norm"));
            Assert.That(norms["blocks.0"], Is.EqualTo(block).Within(1e-5 * block));
            Assert.That(Math.Sqrt(norms.Values.Sum(norm => norm * norm)), Is.EqualTo(step.GradientNorm).Within(1e-5 * step.GradientNorm));
        }
    }

    [Test]
    public void The_arithmetic_of_a_step_is_that_of_its_ops_also_where_blocks_are_recomputed([Values] bool recomputes)
    {
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, TinyModels.AllOptions, 1) { RecomputesBlocks = recomputes };
        TokenBatch batch = new DocumentShuffler(Documents, Training.CreateLayout(TinyModels.Context), 1).Next();
        var profile = new StepProfile(warmUpSteps: 0);
        long flops;
        using (Tape tape = device.BeginTape(observer: profile))
        {
            tape.Backward(Trainer.Loss(tape, model, batch));
            flops = tape.Flops;
        }

        // A profile counts the forward pass of a recomputed block twice, as it runs; that of the first run leaves no record.
        long counted = profile.Rows.Where(row => !recomputes || row.Phase == ProfilePhase.Backward || row.Work.StartsWith("LinearCrossEntropy", StringComparison.Ordinal)).Sum(row => row.Flops);
        long forward = recomputes ? profile.Rows.Where(row => row.Phase == ProfilePhase.Forward && !row.Work.StartsWith("LinearCrossEntropy", StringComparison.Ordinal)).Sum(row => row.Flops) : 0;
        Assert.That(flops, Is.EqualTo(counted + forward).And.GreaterThan(6 * batch.TokenCount * (model.Parameters.Count - model.Parameters["embedding.weight"].Value.Length) * 9 / 10));
    }

    [Test]
    public void A_phase_has_the_time_since_the_mark_before()
    {
        var clock = new PhaseClock();
        AwaitTick();
        clock.Mark(TrainingPhase.Forward);
        clock.Skip();
        AwaitTick();
        clock.Mark(TrainingPhase.Checkpoint);
        PhaseSeconds first = clock.Take(), second = clock.Take();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Forward, Is.GreaterThan(0));
            Assert.That(first.Checkpoint, Is.GreaterThan(0));
            Assert.That((first.Data, first.Backward, first.Optimizer, first.Validation), Is.EqualTo((0.0, 0.0, 0.0, 0.0)));
            Assert.That(second, Is.Default);
            Assert.That(first + first, Is.EqualTo(new PhaseSeconds(0, 2 * first.Forward, 0, 0, 0, 2 * first.Checkpoint)));
        }
    }

    [Test]
    public void A_step_splits_its_time_into_all_its_phases()
    {
        using Device device = Device.Open("cpu", 1);
        var trainer = new Trainer(new Gpt(device, TinyModels.AllOptions, 1), Documents, Training);
        StepMetrics step = trainer.Step();
        PhaseSeconds phases = step.Phases;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new[] { phases.Data, phases.Forward, phases.Backward, phases.Optimizer }, Has.All.GreaterThan(0));
            Assert.That(phases.Data + phases.Forward + phases.Backward + phases.Optimizer, Is.LessThanOrEqualTo(step.Seconds + 1e-6), "seconds are rounded");
            Assert.That(step.FlopsPerSecond, Is.GreaterThan(0));
        }
    }

    private static void AwaitTick()
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() == start)
        {
            Thread.SpinWait(1);
        }
    }
}
