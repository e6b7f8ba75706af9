namespace TinyLM.Tests;

public class TrainerTests
{
    private static readonly GptConfig Config = GptConfig.Llama(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary);
    private static readonly TrainingConfig Training = new() { TokensPerStep = 24, Steps = 8, WarmUpSteps = 2 };
    private static readonly TokenizedDocuments Documents = TinyModels.Documents(5, 5, 9, 2, 12, 7, 7, 20, 3);

    /// <summary>The mean over targets (not tokens), the clip, and decay of matrices alone; ε is large, since without it AdamW undoes any scale.</summary>
    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void A_step_is_AdamW_on_the_clipped_gradient_of_the_mean_loss(GptConfig config)
    {
        TrainingConfig training = Training with { LearningRate = 0.01, WeightDecay = 0.5, ClipNorm = 0.05, Epsilon = 0.01 };
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, config, 1);
        var trainer = new Trainer(model, Documents, training);
        var shuffler = new DocumentShuffler(Documents, training.CreateLayout(config.ContextLength), training.Seed);
        var moments = model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => new double[2, parameter.Value.Length]);
        for (int step = 0; step < 3; step++)
        {
            TokenBatch batch = shuffler.Next();
            Assert.That(batch.TargetCount, Is.LessThan(batch.TokenCount));
            float[][] before = [.. model.Parameters.All.Select(parameter => parameter.Value.ToArray())];
            (double loss, double norm, float[][] gradients) = Gradients(model, batch);
            StepMetrics seen = trainer.Step();
            using (Assert.EnterMultipleScope())
            {
                Assert.That(seen.Loss, Is.EqualTo(loss).Within(1e-5 * loss));
                Assert.That(seen.GradientNorm, Is.EqualTo(norm).Within(1e-4 * norm).And.InRange(2 * training.ClipNorm, 100));
                for (int i = 0; i < before.Length; i++)
                {
                    Parameter parameter = model.Parameters.All[i];
                    double decay = parameter.Name.EndsWith("bias", StringComparison.Ordinal) || parameter.Name.Contains("norm", StringComparison.Ordinal) ? 0 : training.WeightDecay;
                    float[] expected = AdamWStep(before[i], gradients[i], moments[parameter.Name], training, step, training.ClipNorm / norm, decay);
                    Assert.That(parameter.Value.ToArray(), Is.EqualTo(expected).Within(2e-6f), $"{parameter.Name}, step {step}");
                }
            }
        }
    }

    /// <summary>Large enough that every kernel deals its work out, and with the longest document longer than the others together.</summary>
    [Test]
    public void Neither_the_number_of_threads_nor_the_run_shows_in_a_bit([Values] bool llama)
    {
        GptConfig config = llama
            ? GptConfig.Llama(2, 4, 96, 200, 600) with { KeyValueHeadCount = 2, AttentionWindow = 150, AttentionSoftcap = 20, QueryKeyNorm = true, LogitSoftcap = 15 }
            : GptConfig.Gpt2(2, 4, 96, 200, 600) with { Biases = true };
        TrainingConfig training = Training with { TokensPerStep = 420, Steps = 4, ZLoss = llama ? 1e-4 : 0 };
        TokenizedDocuments documents = TinyModels.Documents(5, [.. Enumerable.Range(0, 12).SelectMany(_ => new[] { 200, 1, 90, 2, 17, 33, 64, 5 })]);
        float[][] weights = [.. new[] { 1, 2, 8, 8, 3 }.Select(threads =>
        {
            using Device device = Device.Open("cpu", threads);
            var trainer = new Trainer(new Gpt(device, config, 1), documents, training);
            Finish(trainer);
            return TinyModels.Weights(trainer.Model);
        })];
        Assert.That(weights, Has.All.EqualTo(weights[0]));
    }

    [Test]
    public void A_run_on_other_data_is_not_resumed()
    {
        using Device device = Device.Open("cpu", 1);
        var trainer = new Trainer(new Gpt(device, Config, 1), Documents, Training);
        var other = new Trainer(new Gpt(device, Config, 1), TinyModels.Documents(6, 9, 9, 9), Training);
        Assert.That(() => other.State = trainer.State, Throws.TypeOf<UserException>().With.Message.Contains("corpus is not the one"));
    }

    [Test]
    public void Weights_of_another_shape_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        using Device device = Device.Open("cpu", 1);
        var trainer = new Trainer(new Gpt(device, Config, 1), Documents, Training);
        Checkpoint saved = TrainingCheckpoint.Save(new CheckpointFolder(folder.Path), trainer, new ByteTokenizer());
        var wider = new Gpt(device, Config with { HiddenWidth = 8 }, 1);
        Assert.That(() => TrainingCheckpoint.LoadWeights(saved, wider), Throws.TypeOf<UserException>().With.Message.Contains("mlp.gate.weight"));
    }

    [Test]
    public void The_rate_warms_up_and_follows_a_cosine_down()
    {
        var config = new TrainingConfig { WarmUpSteps = 100, LearningRate = 1, FinalLearningRate = 0.1 };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(config.LearningRateAt(0, 1100), Is.EqualTo(1.0 / 101).Within(1e-12));
            Assert.That(config.LearningRateAt(99, 1100), Is.EqualTo(100.0 / 101).Within(1e-12));
            Assert.That(config.LearningRateAt(100, 1100), Is.EqualTo(1).Within(1e-12));
            Assert.That(config.LearningRateAt(600, 1100), Is.EqualTo(0.55).Within(1e-12));
            Assert.That(config.LearningRateAt(1100, 1100), Is.EqualTo(0.1).Within(1e-12));
        }
    }

    [Test]
    public void A_run_by_time_counts_its_steps_out_once()
    {
        using Device device = Device.Open("cpu", 1);
        var trainer = new Trainer(new Gpt(device, Config, 1), Documents, Training with { Steps = 0, Minutes = 1e-3, WarmUpSteps = 100 });
        for (int step = 0; step < Trainer.CalibrationSteps; step++)
        {
            Assert.That(trainer.Step().TotalSteps, step + 1 < Trainer.CalibrationSteps ? Is.Zero : Is.GreaterThan(Trainer.CalibrationSteps));
        }
    }

    private static (double Loss, double Norm, float[][] Gradients) Gradients(Gpt model, TokenBatch batch)
    {
        float scale = 1f / batch.Targets.ToArray().Count(target => target >= 0);
        using Tape tape = model.Device.BeginTape();
        Variable loss = model.Forward(tape, batch.Ids, batch.Offsets).CrossEntropy(model.Device.TemporaryIndices(batch.Targets)).Sum(scale);
        tape.Backward(loss);
        model.Parameters.CompleteGradients();
        float[][] gradients = [.. model.Parameters.All.Select(parameter => parameter.Gradient.ToArray())];
        model.Parameters.ClearGradients();
        return (loss.Value.ToScalar(), Math.Sqrt(gradients.Sum(gradient => gradient.Sum(value => (double)value * value))), gradients);
    }

    private static float[] AdamWStep(float[] values, float[] gradients, double[,] moments, TrainingConfig training, int step, double scale, double decay)
    {
        double rate = training.LearningRateAt(step, training.Steps);
        return [.. values.Select((value, i) =>
        {
            double gradient = gradients[i] * scale;
            moments[0, i] = training.Beta1 * moments[0, i] + (1 - training.Beta1) * gradient;
            moments[1, i] = training.Beta2 * moments[1, i] + (1 - training.Beta2) * gradient * gradient;
            double first = moments[0, i] / (1 - Math.Pow(training.Beta1, step + 1)), second = moments[1, i] / (1 - Math.Pow(training.Beta2, step + 1));
            return (float)(value * (1 - rate * decay) - rate * first / (Math.Sqrt(second) + training.Epsilon));
        })];
    }

    private static void Finish(Trainer trainer)
    {
        while (!trainer.IsFinished)
        {
            trainer.Step();
        }
    }
}
