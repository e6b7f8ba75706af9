namespace TinyLM.Tests;

public class MemoryEstimateTests
{
    public static IEnumerable<TestCaseData> Cases() =>
        from device in new[] { "cpu", "interpreted" }
        from model in new[] { ("GPT-2", GptConfig.Gpt2(2, 2, 16, TinyModels.Context, TinyModels.Vocabulary) with { Biases = true }), ("Llama", TinyModels.AllOptions) }
        from recompute in new[] { false, true }
        from recipe in new[] { "plain", "all at once" }
        select new TestCaseData(device, model.Item2, recompute, recipe).SetArgDisplayNames(device, model.Item1, recompute ? "recomputing" : "keeping", recipe);

    [TestCaseSource(nameof(Cases))]
    public void What_a_dry_step_tells_is_what_training_takes(string name, GptConfig config, bool recompute, string recipe)
    {
        TrainingConfig training = Recipes.All[recipe] with { TokensPerStep = 4 * TinyModels.Context, Layout = LayoutKind.Packed };
        using Device device = Device.Open(name, name == "cpu" ? 2 : 0);
        MemoryEstimate estimate = MemoryEstimate.OfTraining(device, config, training, recompute);
        Assert.That(device.PeakBytes, Is.Zero, "the estimate allocates nothing");
        var model = new Gpt(device, config) { RecomputesBlocks = recompute };
        var trainer = new Trainer(model, TinyModels.Documents(3, [.. Enumerable.Repeat(13, 40)]), training);
        while (!trainer.IsFinished)
        {
            trainer.Step();
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(device.Arena.PeakBytes, Is.EqualTo(estimate.StepBytes));
            Assert.That(device.PeakBytes, Is.EqualTo(estimate.PermanentBytes + Math.Max(estimate.StepBytes, 1 << 20)), "the arena is one block, of a megabyte at least");
        }
    }

    [Test]
    public void A_large_model_is_estimated_without_its_memory()
    {
        using Device device = Device.Open("cpu", 1);
        GptConfig config = GptConfig.Gpt2(layers: 48, heads: 25, width: 1600, context: 1024, vocabulary: 50304);
        MemoryEstimate estimate = MemoryEstimate.OfTraining(device, config, new TrainingConfig { TokensPerStep = 16 * 1024 });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(estimate.PermanentBytes / 16e9, Is.InRange(1.55, 1.56), "1.56 billion parameters, with gradients and two moments");
            Assert.That(estimate.StepBytes, Is.InRange(20L << 30, 200L << 30));
            Assert.That(device.PeakBytes, Is.Zero);
        }
    }

    [Test]
    public void Recomputation_needs_less()
    {
        using Device device = Device.Open("cpu", 1);
        GptConfig config = GptConfig.Preset("shakespeare", 65);
        TrainingConfig training = TrainingConfig.Preset("shakespeare");
        long keeping = MemoryEstimate.OfTraining(device, config, training).StepBytes;
        long recomputing = MemoryEstimate.OfTraining(device, config, training, recomputesBlocks: true).StepBytes;
        Assert.That(recomputing, Is.InRange(1, keeping / 2));
    }
}
