namespace TinyLM.Peers;

/// <summary>A whole model on both sides, with the same weights and the same documents: its loss, the gradient of every parameter, and the weights after training steps.</summary>
internal sealed class ModelPeer(string name, GptConfig config)
{
    private const int Vocabulary = 97, Context = 64, Steps = 3;
    private const double LearningRate = 1e-3, Decay = 0.1, ClipNorm = 1, ZLoss = 1e-3;

    // Some gradients cancel to rounding, such as that of the keys' bias. With the usual ε of 1e-8, a step would take rounding for a direction.
    private static readonly AdamWRule Rule = new(0.9, 0.95, 1e-5);

    public static IReadOnlyList<ModelPeer> All { get; } =
    [
        new("GPT-2", GptConfig.Gpt2(layers: 4, heads: 4, width: 64, Context, Vocabulary) with { Biases = true }),
        new("Llama", GptConfig.Llama(layers: 4, heads: 8, width: 128, Context, Vocabulary) with { KeyValueHeadCount = 2 }),
        new("all options", GptConfig.Llama(layers: 2, heads: 4, width: 64, Context, Vocabulary) with
        {
            KeyValueHeadCount = 2,
            AttentionWindow = 9,
            AttentionSoftcap = 4,
            QueryKeyNorm = true,
            RotaryFraction = 0.5,
            RotaryScale = 2,
            LogitSoftcap = 10,
            Mlp = MlpKind.ReluSquared,
        }),
    ];

    public string Name => name;

    /// <summary>Takes the steps on both sides, as <see cref="Trainer"/> does: mean loss, backward, clip, AdamW.</summary>
    public IReadOnlyList<TensorComparison> Compare(Device device)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        TokenBatch batch = Batch();
        var ours = new Gpt(device, config, seed: 1);
        Shake(ours.Parameters);
        var weights = ours.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => new TorchParameter(Libtorch.FromMatrix(ToMatrix(parameter.Value))));
        var theirs = new TorchGpt(config, weights);
        var optimizer = new AdamWOptimizer(ours.Parameters, Rule);
        using TorchSharp.Modules.AdamW decaying = Optimizer(ours, weights, decays: true), others = Optimizer(ours, weights, decays: false);
        var compared = new List<TensorComparison>();
        for (int step = 0; step < Steps; step++)
        {
            decaying.zero_grad();
            others.zero_grad();
            TorchTensor theirLoss = theirs.Loss(batch, ZLoss);
            theirLoss.backward();
            using (Tape tape = device.BeginTape())
            {
                Variable loss = Trainer.Loss(tape, ours, batch, (float)ZLoss);
                tape.Backward(loss);
                compared.Add(new("loss", $"step {step + 1}", ToMatrix(loss.Value), theirLoss.reshape(1, 1).ToMatrix()));
                if (step == 0)
                {
                    compared.AddRange(ours.Parameters.All.Select(
                        parameter => new TensorComparison(parameter.Name, "gradient", ToMatrix(parameter.Gradient), weights[parameter.Name].grad!.ToMatrix())));
                }

                double norm = optimizer.Step(LearningRate, Decay, ClipNorm), theirNorm = torch.nn.utils.clip_grad_norm_(weights.Values, ClipNorm);
                compared.Add(new("norm of all gradients", $"step {step + 1}", new Matrix(1, 1, [norm]), new Matrix(1, 1, [theirNorm])));
            }

            ours.Parameters.ClearGradients();
            decaying.step();
            others.step();
        }

        compared.AddRange(ours.Parameters.All.Select(
            parameter => new TensorComparison(parameter.Name, $"after {Steps} steps", ToMatrix(parameter.Value), weights[parameter.Name].ToMatrix())));
        return compared;
    }

    /// <summary>
    /// Adds noise to every parameter: gains that are all 1 and biases that are all 0 hide mistakes, and so does the flat attention that a model
    /// begins with.
    /// </summary>
    private static void Shake(ParameterSet parameters)
    {
        foreach (Parameter parameter in parameters.All)
        {
            var random = new Philox(seed: 2, Philox.Purpose(parameter.Name));
            parameter.Value.CopyFrom([.. parameter.Value.ToArray().Select((value, i) => value + 0.1f * (float)random.Normal((ulong)i))]);
        }
    }

    /// <summary>Documents of several lengths; their last tokens have no target, nor do some in between.</summary>
    private static TokenBatch Batch()
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(17, 1, Context, 5, 33, 2, 40);
        var random = new Philox(seed: 3, Philox.Purpose("ids"));
        int[] ids = [.. Enumerable.Range(0, offsets.TokenCount).Select(i => (int)(random.Uniform((ulong)i) * Vocabulary))];
        int[] targets = [.. ids.Select((_, i) => i % 7 == 3 || offsets.Starts.Contains(i + 1) ? TargetBuilder.None : ids[i + 1])];
        return new TokenBatch(ids, targets, offsets);
    }

    private static TorchSharp.Modules.AdamW Optimizer(Gpt model, Dictionary<string, TorchParameter> weights, bool decays) => torch.optim.AdamW(
        [.. model.Parameters.All.Where(parameter => parameter.Decays == decays).Select(parameter => weights[parameter.Name])],
        LearningRate, Rule.Beta1, Rule.Beta2, Rule.Epsilon, decays ? Decay : 0);

    private static Matrix ToMatrix(Tensor tensor) => new(tensor.Rows, tensor.Columns, tensor.ToArray().Select(value => (double)value));
}
