using TinyLM.Tests.Data;

namespace TinyLM.Tests;

public class TestTimeTrainingTests
{
    private const LoraTargets Everything = LoraTargets.Query | LoraTargets.Key | LoraTargets.Value | LoraTargets.Output | LoraTargets.Mlp | LoraTargets.Head;
    private static readonly TestTimeTrainingConfig Learning = new() { Window = 12, Chunk = 4, LearningRate = 0.02, Lora = new LoraConfig { Rank = 2, Alpha = 3 } };
    private Device _device = null!;

    [OneTimeSetUp]
    public void Open() => _device = Device.Open("cpu", 2);

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void One_that_does_not_learn_scores_as_strided_to_the_bit(GptConfig config)
    {
        Gpt model = TinyModels.Telling(_device, config);
        TokenizedDocuments documents = TinyModels.Documents(7, [.. Enumerable.Range(1, 40)]);
        foreach (var (window, chunk) in new[] { (12, 4), (12, 12), (5, 1), (7, 3), (1, 1) })
        {
            float[] strided = new StridedScorer(model, window, chunk, scoreEnd: true).Score(documents);
            var scorer = new TestTimeTrainingScorer(model, Learning with { Window = window, Chunk = chunk, LearningRate = 0, Lora = new LoraConfig { Targets = Everything } }, scoreEnd: true);
            Assert.That(scorer.Score(documents), Is.EqualTo(strided), scorer.Name);
        }
    }

    [Test]
    public void Each_target_is_scored_once_for_every_length_window_and_stride()
    {
        Gpt model = TinyModels.Telling(_device, GptConfig.Llama(1, 2, 16, 40, TinyModels.Vocabulary));
        TokenizedDocuments documents = TinyModels.Documents(7, [.. Enumerable.Range(1, 40)]);
        float[] plain = new StridedScorer(model, 40, 40).Score(documents);
        for (int window = 1; window <= 40; window++)
        {
            for (int stride = 1; stride <= window; stride++)
            {
                float[] nats = new StridedScorer(model, window, stride).Score(documents);
                int first = Math.Min(plain.Length, (window + 1) * window / 2);

                // Documents of up to the window's targets are one plain pass; of longer ones the first targets see all there is.
                Assert.That(nats, Has.Length.EqualTo(plain.Length).And.All.GreaterThan(0));
                Assert.That(nats[..first], Is.EqualTo(plain[..first]), $"{window}/{stride}");
            }
        }
    }

    [Test]
    public void It_learns_as_one_document_with_merged_weights_and_an_optimiser_in_double_does([Values(0, 2)] int stride, [Values(0, 2)] int limit, [Values(0, 1)] int layers)
    {
        var model = new Gpt(_device, GptConfig.Llama(2, 2, 16, TinyModels.Context, TinyModels.Vocabulary), 4);
        model.Parameters.Values.CopyFrom([.. TinyModels.Weights(model).Select(value => 4 * value)]);

        // An epsilon above the gradients' rounding errors, which Adam would blow up to whole steps.
        TestTimeTrainingConfig config = Learning with
        {
            Lora = Learning.Lora with { Layers = layers },
            Rates = new LoraRates { Query = 2, Head = 0.5 },
            Stride = stride,
            StepLimit = limit,
            WeightDecay = 0.1,
            Epsilon = 1e-2,
        };
        TokenizedDocuments documents = TinyModels.Documents(7, 9, 31, 2, 14, 1);
        using Device second = Device.Open("cpu", 1);
        var reference = new MergedTestTimeTraining(model, second, config);
        float[] expected = [.. Enumerable.Range(0, documents.Count).SelectMany(document => reference.Score(documents.ToArray(document)))];
        float[] nats = new TestTimeTrainingScorer(model, config).Score(documents);
        Assert.That(nats, Is.EqualTo(expected).Within(1e-3));
        Assert.That(nats, Is.Not.EqualTo(new StridedScorer(model, 12, 4).Score(documents)).Within(2e-2));
    }

    [Test]
    public void A_token_changes_no_earlier_score_and_no_other_document_by_a_bit([Values] bool streaming)
    {
        Gpt model = TinyModels.Telling(_device, TinyModels.AllOptions);
        var scorer = new TestTimeTrainingScorer(model, Learning with { IsStreaming = streaming, Lora = new LoraConfig { Rank = 3, Targets = Everything } });
        TokenizedDocuments documents = TinyModels.Documents(7, 30, 30, 30);
        float[] before = scorer.Score(documents);
        for (int token = 31; token < 60; token++)
        {
            int[] ids = documents.AllIds();
            ids[token] = (ids[token] + 1) % (TinyModels.Vocabulary - 1);
            float[] after = scorer.Score(new TokenizedDocuments(ids, documents.AllStarts(), documents.BosId));
            int target = token - 2;
            using (Assert.EnterMultipleScope())
            {
                Assert.That(after[..target], Is.EqualTo(before[..target]));
                Assert.That(after[target], Is.Not.EqualTo(before[target]));
                Assert.That(after[58..], Is.EqualTo(before[58..]));
            }
        }
    }

    [Test]
    public void A_document_scores_the_same_to_the_bit_alone_in_company_in_any_order_and_under_any_budget([Values] bool streaming)
    {
        Gpt model = TinyModels.Telling(_device, GptConfig.Llama(2, 2, 16, TinyModels.Context, TinyModels.Vocabulary));
        TestTimeTrainingConfig config = Learning with { IsStreaming = streaming };
        int[] lengths = [9, 31, 2, 14, 31, 5, 22];
        TokenizedDocuments documents = TinyModels.Documents(7, lengths);
        int[] ids = documents.AllIds(), starts = documents.AllStarts();
        float[] all = new TestTimeTrainingScorer(model, config).Score(documents);
        long one = TestTimeTrainingMemory.Measure(model, config).PassBytes * 2;
        Assert.That(new TestTimeTrainingScorer(model, config with { MemoryBudget = 5 * one / 2 }).Score(documents), Is.EqualTo(all));
        float[] reversed = new TestTimeTrainingScorer(model, config).Score(Of([.. Enumerable.Range(0, lengths.Length).Reverse()]));
        for (int document = 0, first = 0, end = all.Length; document < lengths.Length; document++)
        {
            int count = lengths[document] - 1;
            Assert.That(new TestTimeTrainingScorer(model, config).Score(Of(document)), Is.EqualTo(all[first..(first + count)]), $"document {document}");
            Assert.That(reversed[(end - count)..end], Is.EqualTo(all[first..(first + count)]), $"document {document}");
            (first, end) = (first + count, end - count);
        }

        TokenizedDocuments Of(params int[] chosen)
        {
            int[][] parts = [.. chosen.Select(document => ids[starts[document]..starts[document + 1]])];
            int[] chosenStarts = [0, .. parts.Select((_, i) => parts.Take(i + 1).Sum(part => part.Length))];
            return new TokenizedDocuments([.. parts.SelectMany(part => part)], chosenStarts, documents.BosId);
        }
    }

    [Test]
    public void Streaming_without_learning_scores_as_plain_reading_where_one_layer_sees_the_same([Values] PositionKind positions)
    {
        Gpt model = TinyModels.Telling(_device, GptConfig.Llama(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary) with { Positions = positions });
        TokenizedDocuments documents = TinyModels.Documents(7, 9, 31, 2, 14, 40);
        var scorer = new TestTimeTrainingScorer(model, Learning with { IsStreaming = true, LearningRate = 0 });
        Assert.That(scorer.Score(documents), Is.EqualTo(new StridedScorer(model, 12, 4).Score(documents)).Within(1e-4));
    }

    [Test]
    public void Learned_positions_end_and_a_stream_goes_on_in_windows()
    {
        Gpt model = TinyModels.Telling(_device, GptConfig.Gpt2(3, 2, 16, TinyModels.Context, TinyModels.Vocabulary));
        TokenizedDocuments documents = TinyModels.Documents(7, 9, 31, 13, 14, 40);
        var scorer = new TestTimeTrainingScorer(model, Learning with { IsStreaming = true, LearningRate = 0 });
        Assert.That(scorer.Score(documents), Is.EqualTo(new StridedScorer(model, TinyModels.Context, 4).Score(documents)).Within(1e-4));
    }

    [Test]
    public void The_models_weights_are_not_touched_and_its_memory_is_given_back()
    {
        Gpt model = TinyModels.Telling(_device, GptConfig.Gpt2(2, 2, 16, TinyModels.Context, TinyModels.Vocabulary));
        float[] weights = TinyModels.Weights(model);
        var scorer = new TestTimeTrainingScorer(model, Learning with { Lora = new LoraConfig { Targets = Everything } });
        scorer.Score(TinyModels.Documents(7, 30, 8));
        long bytes = _device.AllocatedBytes;
        scorer.Score(TinyModels.Documents(7, 30, 8));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(TinyModels.Weights(model), Is.EqualTo(weights));
            Assert.That(_device.AllocatedBytes, Is.EqualTo(bytes));
            Assert.That(model.Parameters.All, Has.All.Property(nameof(Parameter.HasGradient)).False);
        }
    }

    [Test]
    public void What_is_read_together_takes_no_more_than_the_budget([Values] bool streaming)
    {
        using Device device = Device.Open("cpu", 1);
        Gpt model = TinyModels.Telling(device, GptConfig.Llama(2, 2, 16, TinyModels.Context, TinyModels.Vocabulary));
        long before = device.AllocatedBytes;
        var scorer = new TestTimeTrainingScorer(model, Learning with { IsStreaming = streaming, MemoryBudget = 3 << 20 });
        _ = scorer.Score(TinyModels.Documents(7, [.. Enumerable.Repeat(6, 300), .. Enumerable.Repeat(31, 30)]));
        Assert.That(device.PeakBytes - before, Is.GreaterThan(1 << 20).And.LessThan(3 << 20));
    }

    [Test]
    public void It_scores_on_an_interpreted_gpu_as_on_the_cpu([Values] bool streaming)
    {
        TokenizedDocuments documents = TinyModels.Documents(7, 9, 14);
        GptConfig shape = GptConfig.Llama(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary);
        TestTimeTrainingConfig config = Learning with { IsStreaming = streaming };
        using Device gpu = Device.Open("interpreted");
        float[] there = new TestTimeTrainingScorer(TinyModels.Telling(gpu, shape), config).Score(documents);
        Assert.That(there, Is.EqualTo(new TestTimeTrainingScorer(TinyModels.Telling(_device, shape), config).Score(documents)).Within(2e-3));
    }

    [Test]
    public void What_makes_no_sense_is_refused_in_one_line()
    {
        Gpt model = TinyModels.Telling(_device, GptConfig.Llama(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary));
        Refused(Learning with { Window = 13 }, "a window of 13 tokens, expected 1 to 12, the model's context");
        Refused(Learning with { Chunk = 13 }, "a chunk of 13 targets, expected 1 to 12");
        Refused(Learning with { Stride = 5 }, "a stride of 5 targets, expected 1 to 4");
        Refused(Learning with { Stride = 2, IsStreaming = true }, "a stride of 2 while streaming");
        Refused(Learning with { LearningRate = double.NaN }, "a learning rate of NaN");
        Refused(Learning with { Beta2 = 1 }, "betas of 0.9 and 1");
        Refused(Learning with { Rates = new LoraRates { Value = -1 } }, "value learns at -1 times the rate");
        Refused(Learning with { Lora = new LoraConfig { Layers = 3 } }, "the last 3 layers are adapted, expected 1 to 1, the model's");
        Refused(Learning with { StepLimit = -1 }, "a limit of -1 steps");
        Refused(Learning with { Lora = new LoraConfig { Rank = 0 } }, "a rank of 0");
        Refused(Learning with { Lora = new LoraConfig { Alpha = -1 } }, "alpha is -1");
        Refused(Learning with { Lora = new LoraConfig { Targets = LoraTargets.None } }, "nothing is adapted");
        UserErrors.ExpectMistake(
            () => new TestTimeTrainingScorer(model, Learning with { MemoryBudget = 1000 }).Score(TinyModels.Documents(7, 9)), "the budget is 0 MB; give more");
        Assert.That(new TestTimeTrainingScorer(model, Learning).Score(TinyModels.Documents(7, 1, 1)), Is.Empty);

        void Refused(TestTimeTrainingConfig config, string expected) => UserErrors.ExpectMistake(() => new TestTimeTrainingScorer(model, config).Score(TinyModels.Documents(7, 9)), expected);
    }
}
