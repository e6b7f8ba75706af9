namespace TinyLM.Tests;

/// <summary>A run that diverges stops with its weights as they were, and says where.</summary>
public class DivergenceTests
{
    private static readonly GptConfig Config = GptConfig.Llama(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary);
    private static readonly TrainingConfig Training = new() { TokensPerStep = 24, Steps = 8, WarmUpSteps = 2, LearningRate = 0.003, FinalLearningRate = 0.001 };
    private static readonly TokenizedDocuments Documents = TinyModels.Documents(5, 5, 9, 2, 12, 7, 7, 20, 3);

    [Test]
    public void A_loss_that_is_no_number_stops_the_run_and_the_op_is_named()
    {
        using Device device = Device.Open("cpu", 1);
        var trainer = new Trainer(new Gpt(device, Config, 1), Documents, Training);
        trainer.Step();

        // Finite weights whose product is not.
        Elementwise.Fill(trainer.Model.Parameters["blocks.0.mlp.up.weight"].Value, 3e38f);
        float[] before = TinyModels.Weights(trainer.Model);
        DivergedException? fault = Assert.Throws<DivergedException>(() => trainer.Step());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(fault!.Message, Does.Contain("of step 2 is NaN (anomaly: step 2, Linear (forward): its result [").And.Not.Contain("\n"));
            Assert.That((fault.Step, fault.ExitCode), Is.EqualTo((2L, UserException.World)));
            Assert.That(TinyModels.Weights(trainer.Model), Is.EqualTo(before));
            Assert.That(trainer.State.Step, Is.EqualTo(1));
        }
    }

    [Test]
    public void A_parameter_that_is_no_number_is_named()
    {
        using Device device = Device.Open("cpu", 1);
        var trainer = new Trainer(new Gpt(device, Config, 1), Documents, Training);
        Elementwise.Fill(trainer.Model.Parameters["head.weight"].Value, float.NaN);
        UserErrors.Expect(() => trainer.Step(), UserException.World, "the loss of step 1 is NaN", "parameter 'head.weight'");
    }

    [Test]
    public void Gradients_that_are_no_numbers_change_nothing([Values(float.NaN, float.PositiveInfinity)] float value)
    {
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, Config, 1);
        IOptimizer[] optimizers =
        [
            new AdamWOptimizer(model.Parameters, new AdamWRule()),
            new SgdOptimizer(model.Parameters, new SgdRule()),
            new MuonOptimizer(model.Parameters, new MuonRule(), new AdamWRule(), rateRatio: 10),
        ];
        float[] before = TinyModels.Weights(model);
        foreach (IOptimizer optimizer in optimizers)
        {
            model.Parameters.CompleteGradients();
            Elementwise.Fill(model.Parameters["norm.gain"].Gradient, value);
            double norm;
            using (device.BeginTape())
            {
                norm = optimizer.Step(0.1, 0.1, 1);
            }

            using (Assert.EnterMultipleScope())
            {
                Assert.That(double.IsFinite(norm), Is.False, optimizer.Name);
                Assert.That(TinyModels.Weights(model), Is.EqualTo(before), optimizer.Name);
                Assert.That(optimizer.State.SelectMany(state => state.Value.ToArray()), Has.All.Zero, optimizer.Name);
                Assert.That(optimizer.StepCount, Is.Zero, optimizer.Name);
            }
        }
    }

    [Test]
    public void A_diverged_run_names_the_last_good_checkpoint_and_saves_nothing_that_is_no_number()
    {
        using var folder = new TemporaryFolder();
        using Device device = Device.Open("cpu", 1);
        var trainer = new Trainer(new Gpt(device, Config, 1), Documents, Training);
        using TinyRun run = TinyRun.Begin(folder.Path, trainer);
        run.Loop().Run(
            () =>
            {
                if (trainer.State.Step == 3)
                {
                    run.StopNow();
                }
            },
            run.Stop);

        // What an update of its own would make of a rate that is much too high.
        Elementwise.Fill(trainer.Model.Parameters["norm.gain"].Value, float.PositiveInfinity);
        using (Assert.EnterMultipleScope())
        {
            UserErrors.Expect(
                () => run.Loop().Run(() => { }, CancellationToken.None), UserException.World, "the loss of step 4 is NaN", "parameter 'norm.gain'",
                $"the last good checkpoint is {Path.Combine(folder.Path, "checkpoints", "step-000003")}", "below 0.003");
            UserErrors.Expect(
                () => TrainingCheckpoint.Save(run.Folder.Checkpoints, trainer, new ByteTokenizer()), UserException.World, "norm.gain has infinity at [0, 0]", "not saved");
            Assert.That(run.Folder.Checkpoints.FindNewestWhole()!.Step, Is.EqualTo(3));
        }
    }
}
