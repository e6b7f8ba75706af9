namespace TinyLM.Benchmarks;

/// <summary>A model and the stream of one step, as in nanoGPT: no biases, no dropout.</summary>
internal sealed record ModelSetting(string Name, int Layers, int Heads, int Width, int Vocabulary, int[] Lengths)
{
    public static IReadOnlyList<ModelSetting> All { get; } =
    [
        new("shakespeare-small", 4, 4, 128, 65, [.. Enumerable.Repeat(64, 12)]),
        new("shakespeare", 6, 6, 384, 65, [.. Enumerable.Repeat(256, 16)]),
        new("documents", 6, 6, 384, 65, MixedLengths(4096)),
        new("gpt2", 12, 12, 768, 50304, [1024]),
    ];

    public int Tokens => Lengths.Sum();

    public bool IsOfEqualLengths => Lengths.Distinct().Count() == 1;

    public GptConfig Config(bool llama) => llama
        ? GptConfig.Llama(Layers, Heads, Width, Lengths.Max(), Vocabulary)
        : GptConfig.Gpt2(Layers, Heads, Width, Lengths.Max(), Vocabulary);

    /// <summary>6 · weights in products · tokens, and attention over the pairs that see one another.</summary>
    public double StepFlops(bool llama)
    {
        GptConfig config = Config(llama);
        double hidden = (llama ? 3.0 : 2.0) * Width * config.HiddenWidth, block = 4.0 * Width * Width + hidden;
        double pairs = Lengths.Sum(length => length * (length + 1.0) / 2);
        return 6 * (Layers * block + (double)Vocabulary * Width) * Tokens + 12 * pairs * Width * Layers;
    }

    /// <summary>17, 400, 64, 131, … over and over, the last one cut so that they sum to <paramref name="tokens"/>.</summary>
    public static int[] MixedLengths(int tokens)
    {
        int[] cycle = [17, 400, 64, 131, 800, 33, 256, 90, 1, 512, 210, 7];
        var lengths = new List<int>();
        for (int left = tokens; left > 0; left -= lengths[^1])
        {
            lengths.Add(Math.Min(left, cycle[lengths.Count % cycle.Length]));
        }

        return [.. lengths];
    }

    /// <summary>Random ids; after each follows a random target, but for a document's last token, which has none.</summary>
    public TokenBatch Batch()
    {
        var random = new Philox(seed: 2, Philox.Purpose("ids"));
        DocumentOffsets offsets = DocumentOffsets.FromLengths(Lengths);
        int[] ids = [.. Enumerable.Range(0, Tokens).Select(i => (int)(random.Uniform((ulong)i) * Vocabulary))];
        int[] targets = [.. ids.Select((_, i) => ids[(i + 1) % Tokens])];
        for (int document = 1; document <= offsets.DocumentCount; document++)
        {
            targets[offsets.Starts[document] - 1] = TargetBuilder.None;
        }

        return new TokenBatch(ids, targets, offsets);
    }
}

/// <summary>A training step: forward, mean cross-entropy, backward, clipping to 1, AdamW on all parameters, the loss read.</summary>
internal sealed record StepCase(ModelSetting Setting, bool IsLlama) : BenchmarkCase(
    $"step {Setting.Name} {(IsLlama ? "llama" : "gpt2")}", IsLlama ? "step llama" : $"step {Setting.Name}", Setting.StepFlops(IsLlama), Tokens: Setting.Tokens)
{
    public override Action Ours(Device device)
    {
        var model = new Gpt(device, Setting.Config(IsLlama));
        var optimizer = new AdamWOptimizer(model.Parameters, new AdamWRule(0.9, 0.99, 1e-8));
        TokenBatch batch = Setting.Batch();

        // As the trainer does.
        var training = new TrainingConfig { Layout = LayoutKind.Packed, TokensPerStep = Setting.Tokens };
        device.Arena.Reserve(MemoryEstimate.OfTraining(device, model.Config, training).StepBytes);
        return () =>
        {
            using (Tape tape = device.BeginTape())
            {
                Variable loss = Trainer.Loss(tape, model, batch);
                tape.Backward(loss);
                loss.Value.ToScalar();
                optimizer.Step(1e-3, 0.1, clipNorm: 1);
            }

            model.Parameters.ClearGradients();
        };
    }
}

/// <summary>The loss alone, without gradients.</summary>
internal sealed record ForwardCase(ModelSetting Setting, bool IsLlama) : BenchmarkCase(
    $"forward {Setting.Name} {(IsLlama ? "llama" : "gpt2")}", "forward", Setting.StepFlops(IsLlama) / 3, Tokens: Setting.Tokens)
{
    public override Action Ours(Device device)
    {
        var model = new Gpt(device, Setting.Config(IsLlama));
        TokenBatch batch = Setting.Batch();
        return () =>
        {
            using Tape tape = device.BeginTape(gradients: false);
            Trainer.Loss(tape, model, batch).Value.ToScalar();
        };
    }
}

/// <summary>Tokens one at a time, after the same short prompt, with a key/value cache.</summary>
internal sealed record GenerationCase(ModelSetting Setting, int Count) : BenchmarkCase(
    $"generation {Setting.Name}, {Count} tokens", "generation", Bytes: (double)Count * sizeof(float) * WeightsRead(Setting), Tokens: Count)
{
    public override Action Ours(Device device)
    {
        var model = new Gpt(device, Setting.Config(llama: false));
        KeyValueCache cache = model.CreateCache();
        int[] id = new int[1];
        return () =>
        {
            cache.Clear();
            for (int i = 0; i < Count; i++)
            {
                using Tape tape = device.BeginTape(gradients: false);
                id[0] = i % Setting.Vocabulary;
                model.ForwardCached(tape, id, cache).Value.RowRange(0, 1).Reshape(Setting.Vocabulary, 1).RowRange(0, 1).ToScalar();
            }
        };
    }

    private static double WeightsRead(ModelSetting setting) => setting.Layers * 12.0 * setting.Width * setting.Width + (double)setting.Vocabulary * setting.Width;
}

/// <summary>The cases of the command <c>cpu</c>.</summary>
internal static class CpuCases
{
    public static IEnumerable<BenchmarkCase> All =>
    [
        .. from shape in new[] { (768, 128, 128), (768, 128, 512), (4096, 384, 384), (4096, 384, 1536), (1024, 384, 50304) }
           from form in Enum.GetValues<ProductForm>()
           select new MatMulCase(form, shape.Item1, shape.Item2, shape.Item3),
        new MatMulCase(ProductForm.NT, 768, 128, 128) { Name = "matmul nt 768x128x128 after a pause", Group = "after a pause", Pause = 10 },
        new CrossEntropyCase(768, 65), new CrossEntropyCase(4096, 65), new CrossEntropyCase(1024, 50304),
        .. from shape in new[] { (768, 128), (4096, 384) }
           from @case in new BenchmarkCase[]
           {
               new NormCase(NormForm.LayerNormForward, shape.Item1, shape.Item2), new NormCase(NormForm.LayerNorm, shape.Item1, shape.Item2),
               new NormCase(NormForm.RmsNorm, shape.Item1, shape.Item2), new ActivationCase(IsGated: false, shape.Item1, 4 * shape.Item2),
               new ActivationCase(IsGated: true, shape.Item1, 4 * shape.Item2),
           }
           select @case,
        .. from documents in new[] { ("12x64", Enumerable.Repeat(64, 12).ToArray(), 4, 128), ("16x256", [.. Enumerable.Repeat(256, 16)], 6, 384), ("mixed-4096", ModelSetting.MixedLengths(4096), 6, 384) }
           from forward in new[] { true, false }
           select new AttentionCase(documents.Item1, documents.Item2, documents.Item3, documents.Item4, forward),
        new AdamWCase("0.8M", 804_000), new AdamWCase("10.6M", 10_645_000),
        .. from setting in ModelSetting.All
           from llama in new[] { false, true }
           from @case in new BenchmarkCase[] { new ForwardCase(setting, llama), new StepCase(setting, llama) }
           select @case,
        new GenerationCase(ModelSetting.All[1], 128), new GenerationCase(ModelSetting.All[3], 32),
    ];
}
