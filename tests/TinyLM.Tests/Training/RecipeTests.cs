namespace TinyLM.Tests;

/// <summary>What a recipe may ask for beyond the plain step of <see cref="TrainerTests"/>.</summary>
public class RecipeTests
{
    private static readonly GptConfig Config = GptConfig.Llama(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary);
    private static readonly TokenizedDocuments Documents = TinyModels.Documents(5, 5, 9, 2, 12, 7, 7, 20, 3, 11, 4, 8, 12);

    [Test]
    public void A_resumed_run_ends_with_the_same_bits([ValueSource(typeof(Recipes), nameof(Recipes.Names))] string recipe, [Values(1, 3, 6)] int savedAt)
    {
        using var folder = new TemporaryFolder();
        using Device device = Device.Open("cpu", 1);
        Trainer whole = Create(device, Recipes.All[recipe]), first = Create(device, Recipes.All[recipe]);
        Take(whole, 8);
        Take(first, savedAt);
        Checkpoint saved = TrainingCheckpoint.Save(new CheckpointFolder(folder.Path), first, new ByteTokenizer());
        Assert.That(TrainingCheckpoint.ReadTraining(saved), Is.EqualTo(Recipes.All[recipe]));

        var second = new Trainer(new Gpt(device, TrainingCheckpoint.ReadConfig(saved), 99), Documents, TrainingCheckpoint.ReadTraining(saved));
        TrainingCheckpoint.Resume(saved, second);
        Take(second, 8 - savedAt);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(second.IsFinished, Is.True);
            Assert.That(second.State with { Seconds = 0 }, Is.EqualTo(whole.State with { Seconds = 0 }));
            Assert.That(TinyModels.Weights(second.Model), Is.EqualTo(TinyModels.Weights(whole.Model)));
            Assert.That(second.Optimizer.State.Select(state => state.Value.ToArray()), Is.EqualTo(whole.Optimizer.State.Select(state => state.Value.ToArray())));
            Assert.That(second.FilledAverages.Select(average => average.Values.ToArray()), Is.EqualTo(whole.FilledAverages.Select(average => average.Values.ToArray())));
            Assert.That(second.FilledAverages.Count(), Is.EqualTo(whole.Averages.Count));
        }
    }

    [Test]
    public void The_number_of_threads_shows_in_no_bit([ValueSource(typeof(Recipes), nameof(Recipes.Names))] string recipe)
    {
        GptConfig config = GptConfig.Llama(1, 4, 96, TinyModels.Context, TinyModels.Vocabulary);
        float[][] weights = [.. new[] { 1, 3 }.Select(threads =>
        {
            using Device device = Device.Open("cpu", threads);
            Trainer trainer = Create(device, Recipes.All[recipe], config);
            Take(trainer, 8);
            return TinyModels.Weights(trainer.Model);
        })];
        Assert.That(weights[1], Is.EqualTo(weights[0]));
    }

    /// <summary>Passes have unequal numbers of targets, so means of means would be another gradient; each element drops in a pass as it does in the whole.</summary>
    [Test]
    public void A_step_of_several_passes_is_the_whole_step([Values(0, 0.3)] double dropout, [Values(12, 20)] int microBatchTokens)
    {
        using Device device = Device.Open("cpu", 1);
        TrainingConfig training = Recipes.All["plain"] with { TokensPerStep = 60, Dropout = dropout, Epsilon = 0.01 };
        Trainer whole = Create(device, training), parts = Create(device, training with { MicroBatchTokens = microBatchTokens });
        for (int step = 0; step < 4; step++)
        {
            StepMetrics one = whole.Step(), several = parts.Step();
            using (Assert.EnterMultipleScope())
            {
                Assert.That(several.Loss, Is.EqualTo(one.Loss).Within(1e-5 * one.Loss));
                Assert.That(several.GradientNorm, Is.EqualTo(one.GradientNorm).Within(1e-4 * one.GradientNorm));
                Assert.That(several.Tokens, Is.EqualTo(one.Tokens));
                Assert.That(TinyModels.Weights(parts.Model), Is.EqualTo(TinyModels.Weights(whole.Model)).Within(2e-6f));
            }
        }
    }

    [Test]
    public void Dropout_changes_with_the_step_and_the_seed()
    {
        using Device device = Device.Open("cpu", 1);
        Gpt model = TinyModels.Telling(device, Config);
        TokenBatch batch = new DocumentShuffler(Documents, Recipes.All["plain"].CreateLayout(TinyModels.Context), 1).Next();
        double none = Loss(default), first = Loss(Dropped(1)), again = Loss(Dropped(1)), second = Loss(Dropped(2)), otherSeed = Loss(Dropped(1) with { Seed = 2 });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(again, Is.EqualTo(first));
            Assert.That(new[] { none, first, second, otherSeed }, Is.Unique);
        }

        static DropoutOptions Dropped(long step) => new(0.5, Seed: 1, step, FirstToken: 0);

        double Loss(DropoutOptions dropout)
        {
            using Tape tape = device.BeginTape();
            return model.LossSum(tape, batch.Ids, batch.Targets, batch.Offsets, scale: 1, zLoss: 0, dropout).Value.ToScalar();
        }
    }

    [Test]
    public void What_the_embedding_and_each_layer_write_is_dropped_from()
    {
        using Device device = Device.Open("cpu", 1);
        Trainer trainer = Create(device, Recipes.All["dropout"], Config with { LayerCount = 2 });
        var profile = new StepProfile(warmUpSteps: 0);
        trainer.Observer = profile;
        trainer.Step();
        Assert.That(profile.Rows.Single(row => row is { Work: "Dropout", Phase: ProfilePhase.Forward }).Calls, Is.EqualTo(1 + 2 * 2));
    }

    [Test]
    public void A_recomputed_block_drops_what_it_dropped_before()
    {
        using Device device = Device.Open("cpu", 1);
        Trainer keeping = Create(device, Recipes.All["dropout"]), recomputing = Create(device, Recipes.All["dropout"], recomputes: true);
        Take(keeping, 8);
        Take(recomputing, 8);
        Assert.That(TinyModels.Weights(recomputing.Model), Is.EqualTo(TinyModels.Weights(keeping.Model)));
    }

    [Test]
    public void Averages_are_those_of_the_weights_that_the_steps_left()
    {
        using Device device = Device.Open("cpu", 1);
        Trainer trainer = Create(device, Recipes.All["averages"]);
        var weights = new List<float[]>();
        while (!trainer.IsFinished)
        {
            trainer.Step();
            weights.Add(TinyModels.Weights(trainer.Model));
        }

        // Updates after steps 2, 4, 6 and 8: the first is taken whole, and those after it while the decay is still k / (k + 9).
        double[] moving = [.. weights[1].Select(value => (double)value)];
        for (int update = 1; update < 4; update++)
        {
            double keep = update / (update + 9.0);
            moving = [.. moving.Zip(weights[2 * update + 1], (average, value) => keep * average + (1 - keep) * value)];
        }

        // 0.4, 0.7 and 1 of 8 steps: after steps 3, 6 and 8.
        double[] points = [.. weights[2].Select((value, i) => (1.0 * value + 2.0 * weights[5][i] + 3.0 * weights[7][i]) / 6)];
        float[] seen = [];
        trainer.Averages[1].InPlaceOfWeights(() => seen = TinyModels.Weights(trainer.Model));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(trainer.Averages.Select(average => average.Name), Is.EqualTo(new[] { "ema", "average" }));
            Assert.That(trainer.Averages[0].Values.ToArray(), Is.EqualTo(moving).Within(1e-6));
            Assert.That(trainer.Averages[1].Values.ToArray(), Is.EqualTo(points).Within(1e-6));
            Assert.That(seen, Is.EqualTo(trainer.Averages[1].Values.ToArray()));
            Assert.That(TinyModels.Weights(trainer.Model), Is.EqualTo(weights[^1]), "the weights are back");
        }
    }

    [Test]
    public void A_moving_average_keeps_its_decay_once_it_has_seen_enough()
    {
        using Device device = Device.Open("cpu", 1);
        var parameters = new ParameterSet(device, [new ParameterShape("x", 1, 1, Decays: false)]);
        WeightAverage average = WeightAverage.Create(parameters, new TrainingConfig { EmaDecay = 0.5 })[0];
        for (int step = 1; step <= 10; step++)
        {
            average.Update(step, totalSteps: 0);
        }

        Elementwise.Fill(parameters.Values, 8);
        average.Update(step: 11, totalSteps: 0);
        Assert.That(average.Values.ToArray()[0], Is.EqualTo(4f), "k / (k + 9) would be 10 / 19");
    }

    [Test]
    public void Steps_take_the_size_that_the_schedules_tell()
    {
        using Device device = Device.Open("cpu", 1);
        Trainer trainer = Create(device, Recipes.All["sizes"]);
        var seen = new List<(long, int)>();
        for (long before = 0; !trainer.IsFinished; before = trainer.State.Tokens)
        {
            seen.Add((trainer.Step().Tokens - before, trainer.State.Size.SequenceLength));
        }

        Assert.That(seen, Is.EqualTo(new[] { (24L, 6), (24, 6), (24, 6), (36, 6), (36, 12), (36, 12), (12, 12), (12, 12) }));
    }

    [Test]
    public void A_state_of_steps_that_the_recipe_never_asks_for_is_refused()
    {
        using Device device = Device.Open("cpu", 1);
        Trainer trainer = Create(device, Recipes.All["sizes"]);
        Assert.That(
            () => trainer.State = trainer.State with { Size = new StepSize(24, 0) },
            Throws.TypeOf<UserException>().With.Message.Contains("had 24 tokens, cut at 0, which its recipe never asks for"));
    }

    /// <summary>Half as many tokens a step from the third step on: the rows go on where they were, none twice, none left out.</summary>
    [Test]
    public void A_step_of_another_number_of_tokens_goes_on_in_the_same_order()
    {
        using Device device = Device.Open("cpu", 1);
        TrainingConfig training = Recipes.All["plain"] with { Layout = LayoutKind.Packed, Steps = 4, TokensPerStepSchedule = Schedule.Parse("0:24 0.5:12") };
        Trainer trainer = Create(device, training);
        Take(trainer, 4);
        Assert.That((trainer.State.Epoch, trainer.State.EpochStep), Is.EqualTo((0L, 2 * 2 + 2)), "two steps of two rows, two of one");
    }

    [Test]
    public void The_model_says_which_matrices_are_hidden()
    {
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, GptConfig.Gpt2(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary) with { Biases = true, TiedHead = false });
        Assert.That(
            model.Parameters.All.Where(parameter => parameter.IsHidden).Select(parameter => parameter.Name),
            Is.EqualTo(new[] { "blocks.0.attention.qkv.weight", "blocks.0.attention.output.weight", "blocks.0.mlp.up.weight", "blocks.0.mlp.down.weight" }));
    }

    [Test]
    public void A_matrix_without_a_gradient_stays_where_it_is_under_Muon()
    {
        using Device device = Device.Open("cpu", 1);
        var parameters = new ParameterSet(device, [new ParameterShape("idle", 4, 3, Decays: false, IsHidden: true)]);
        Elementwise.Fill(parameters.Values, 2);
        var optimizer = new MuonOptimizer(parameters, MuonConfig.Slowrun.Rule, new AdamWRule(), rateRatio: 1);
        using Tape tape = device.BeginTape();
        optimizer.Step(learningRate: 0.1, weightDecay: 0, clipNorm: 1);
        Assert.That(parameters["idle"].Value.ToArray(), Is.All.EqualTo(2f));
    }

    private static Trainer Create(Device device, TrainingConfig training, GptConfig? config = null, bool recomputes = false) =>
        new(new Gpt(device, config ?? Config, 1) { RecomputesBlocks = recomputes }, Documents, training);

    private static void Take(Trainer trainer, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            trainer.Step();
        }
    }
}
