using static TinyLM.Peers.Libtorch;

namespace TinyLM.Peers;

/// <summary>What <see cref="Gpt"/> computes, written once more on libtorch's tensors as the papers have it: all logits are held, and documents are a mask.</summary>
/// <param name="config">The shape.</param>
/// <param name="weights">By the names of <see cref="Gpt.Parameters"/>.</param>
internal sealed class TorchGpt(GptConfig config, IReadOnlyDictionary<string, TorchParameter> weights)
{
    private readonly AttentionShape _shape =
        new(config.HeadCount, config.KeyValueHeadCount, config.HeadSize, config.AttentionWindow, config.AttentionSoftcap);

    /// <summary>The mean loss of the tokens that have a target.</summary>
    public TorchTensor Loss(TokenBatch batch, double zLoss)
    {
        TorchTensor sight = TorchOps.Sight(batch.Offsets, config.AttentionWindow);
        TorchTensor x = weights["embedding.weight"].index_select(0, Indices(batch.Ids.ToArray()));
        if (config.Positions == PositionKind.Learned)
        {
            x = x + weights["positions.weight"].index_select(0, Indices(batch.Offsets.Positions.ToArray()));
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            x = x + Attention($"blocks.{layer}.attention", x, batch.Offsets, sight);
            x = x + Mlp($"blocks.{layer}.mlp", x);
        }

        TorchTensor logits = F.linear(Norm("norm", x), weights[config.TiedHead ? "embedding.weight" : "head.weight"]);
        return TorchOps.CrossEntropy(logits, batch.Targets.ToArray(), new CrossEntropyOptions((float)zLoss, config.LogitSoftcap)).sum() / batch.TargetCount;
    }

    private TorchTensor Attention(string name, TorchTensor x, DocumentOffsets offsets, TorchTensor sight)
    {
        TorchTensor qkv = Linear($"{name}.qkv", Norm($"{name}.norm", x));
        int turned = config.HeadCount + config.KeyValueHeadCount;
        if (config.QueryKeyNorm)
        {
            qkv = TorchOps.OfHeads(qkv, turned, config.HeadSize, heads => Norm($"{name}.head_norm", heads));
        }

        if (config.Positions == PositionKind.Rotary)
        {
            qkv = TorchOps.Rotary(qkv, offsets, turned, config.HeadSize, config.RotarySize, config.RotaryBase, config.RotaryScale);
        }

        TorchTensor q = qkv.narrow(1, 0, _shape.QueryWidth), kv = qkv.narrow(1, _shape.QueryWidth, 2 * _shape.KeyValueWidth);
        return Linear($"{name}.output", TorchOps.Attention(q, kv, sight, _shape));
    }

    private TorchTensor Mlp(string name, TorchTensor x)
    {
        TorchTensor normed = Norm($"{name}.norm", x), up = Linear($"{name}.up", normed);
        return Linear($"{name}.down", config.Mlp switch
        {
            MlpKind.SwiGlu => F.silu(Linear($"{name}.gate", normed)) * up,
            MlpKind.ReluSquared => F.relu(up).square(),
            _ => Formulations.Gelu(up),
        });
    }

    private TorchTensor Norm(string name, TorchTensor x) => config.Norm == NormKind.RmsNorm
        ? TorchOps.RmsNorm(x, weights[$"{name}.gain"], config.NormEpsilon)
        : TorchOps.LayerNorm(x, weights[$"{name}.gain"], weights.GetValueOrDefault($"{name}.bias"), config.NormEpsilon);

    private TorchTensor Linear(string name, TorchTensor x) => F.linear(x, weights[$"{name}.weight"], weights.GetValueOrDefault($"{name}.bias")?.flatten());
}
