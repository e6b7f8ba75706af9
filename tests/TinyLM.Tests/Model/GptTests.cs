using TinyLM.Tests.Data;

namespace TinyLM.Tests;

public class GptTests
{
    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void A_tiny_model_learns_four_documents_by_heart(GptConfig config)
    {
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, config, seed: 3);
        var optimizer = new AdamWOptimizer(model.Parameters, new AdamWRule());
        TokenBatch batch = FourDocuments();
        const int Steps = 2000;
        double loss = double.MaxValue;
        for (int step = 0; step < Steps && loss >= 0.01; step++)
        {
            using Tape tape = device.BeginTape();
            Variable mean = Trainer.Loss(tape, model, batch);
            tape.Backward(mean);
            loss = mean.Value.ToScalar();
            optimizer.Step(learningRate: 1e-2, weightDecay: 0, clipNorm: 1);
            model.Parameters.ClearGradients();
        }

        Assert.That(loss, Is.InRange(0, 0.01));
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void Changing_one_document_leaves_the_logits_of_the_others_the_same_to_the_bit(GptConfig config)
    {
        using Device device = Device.Open("cpu", 2);
        var model = new Gpt(device, config, seed: 3);
        TokenizedDocuments documents = TinyModels.Documents(5, 5, 12, 1, 8);
        var offsets = new DocumentOffsets(documents.AllStarts());
        float[] before = TinyModels.Logits(model, documents.AllIds(), offsets);
        int[] changed = documents.AllIds();
        for (int token = offsets.Starts[1]; token < offsets.Starts[2]; token++)
        {
            changed[token] = (changed[token] + 3) % TinyModels.Vocabulary;
        }

        float[] after = TinyModels.Logits(model, changed, offsets);
        int first = offsets.Starts[1] * TinyModels.Vocabulary, last = offsets.Starts[2] * TinyModels.Vocabulary;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(after[..first], Is.EqualTo(before[..first]));
            Assert.That(after[last..], Is.EqualTo(before[last..]));
            Assert.That(after[first..last], Is.Not.EqualTo(before[first..last]));
        }
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void A_token_changes_no_logits_before_it(GptConfig config)
    {
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, config, seed: 3);
        int[] ids = TinyModels.Documents(5, 12).AllIds();
        float[] before = TinyModels.Logits(model, ids, DocumentOffsets.OneDocument(12));
        ids[7] = (ids[7] + 1) % TinyModels.Vocabulary;
        float[] after = TinyModels.Logits(model, ids, DocumentOffsets.OneDocument(12));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(after[..(7 * TinyModels.Vocabulary)], Is.EqualTo(before[..(7 * TinyModels.Vocabulary)]));
            Assert.That(after[^TinyModels.Vocabulary..], Is.Not.EqualTo(before[^TinyModels.Vocabulary..]));
        }
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void Positions_restart_at_each_document(GptConfig config)
    {
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, config, seed: 3);
        int[] document = TinyModels.Documents(5, 6).AllIds();
        float[] alone = TinyModels.Logits(model, document, DocumentOffsets.OneDocument(6));
        float[] twice = TinyModels.Logits(model, [.. document, .. document], DocumentOffsets.FromLengths(6, 6));
        Assert.That(twice[alone.Length..], Is.EqualTo(alone));
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void Reading_token_by_token_with_a_cache_gives_the_logits_of_one_pass(GptConfig config)
    {
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, config, seed: 3);
        int[] ids = TinyModels.Documents(5, 10).AllIds();
        float[] whole = TinyModels.Logits(model, ids, DocumentOffsets.OneDocument(10));
        KeyValueCache cache = model.CreateCache();
        int read = 0;
        foreach (int count in (int[])[4, 1, 1, 3, 1])
        {
            using Tape tape = device.BeginTape(gradients: false);
            float[] logits = model.ForwardCached(tape, ids.AsSpan(read, count), cache).Value.ToArray();
            read += count;
            Assert.That(logits, Is.EqualTo(whole[((read - 1) * TinyModels.Vocabulary)..(read * TinyModels.Vocabulary)]).Within(1e-5f));
        }
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void The_interpreted_device_finds_the_gradients_that_the_CPU_does(GptConfig config)
    {
        TokenBatch batch = FourDocuments();
        float[][] gradients = [.. new[] { "cpu", "interpreted" }.Select(name =>
        {
            using Device device = Device.Open(name);
            var model = new Gpt(device, config, seed: 3);
            using Tape tape = device.BeginTape();
            tape.Backward(Trainer.Loss(tape, model, batch));
            model.Parameters.CompleteGradients();
            return model.Parameters.Gradients.ToArray();
        })];
        double difference = gradients[0].Zip(gradients[1]).Sum(pair => Math.Pow(pair.First - pair.Second, 2));
        double norm = gradients[0].Sum(value => (double)value * value);
        Assert.That(Math.Sqrt(difference / norm), Is.InRange(0, 1e-5));
    }

    [Test]
    public void A_window_hides_what_lies_further_back_than_all_layers_reach()
    {
        using Device device = Device.Open("cpu", 1);
        GptConfig config = TinyModels.AllOptions with { AttentionWindow = 3 };
        var model = new Gpt(device, config, seed: 3);
        int[] ids = TinyModels.Documents(5, 12).AllIds();
        float[] before = TinyModels.Logits(model, ids, DocumentOffsets.OneDocument(12));
        ids[2] = (ids[2] + 1) % TinyModels.Vocabulary;
        float[] after = TinyModels.Logits(model, ids, DocumentOffsets.OneDocument(12));

        // Each layer carries the token two further.
        int reach = 2 + config.LayerCount * (config.AttentionWindow - 1) + 1;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(after[(reach * TinyModels.Vocabulary)..], Is.EqualTo(before[(reach * TinyModels.Vocabulary)..]));
            Assert.That(Row(after, reach - 1), Is.Not.EqualTo(Row(before, reach - 1)));
        }

        static float[] Row(float[] logits, int token) => logits[(token * TinyModels.Vocabulary)..((token + 1) * TinyModels.Vocabulary)];
    }

    [Test]
    public void A_document_longer_than_the_context_and_an_unknown_id_are_refused()
    {
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, GptConfig.Gpt2(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary));
        using Tape tape = device.BeginTape();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => model.Forward(tape, new int[13], DocumentOffsets.OneDocument(13)),
                Throws.ArgumentException.With.Message.Contains("13 tokens, the context is 12"));
            Assert.That(
                () => model.Forward(tape, [3, 11], DocumentOffsets.OneDocument(2)),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("id 11 is outside 0 … 10"));
        }
    }

    /// <summary>
    /// Each begins with a token that stands nowhere else, so that all that follows can be known. (Were it repeated at once, rotary attention
    /// over two equal tokens could not tell the second from the first.)
    /// </summary>
    private static TokenBatch FourDocuments()
    {
        var offsets = DocumentOffsets.FromLengths(12, 7, 3, 9);
        int[] ids = [.. TinyModels.Documents(5, 12, 7, 3, 9).AllIds().Select(id => offsets.DocumentCount + id % 6)];
        var targets = new int[ids.Length];
        for (int document = 0; document < offsets.DocumentCount; document++)
        {
            ids[offsets.Starts[document]] = document;
            for (int token = offsets.Starts[document]; token < offsets.Starts[document + 1]; token++)
            {
                targets[token] = token + 1 < offsets.Starts[document + 1] ? ids[token + 1] : TargetBuilder.None;
            }
        }

        return new TokenBatch(ids, targets, offsets);
    }
}
