using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;
using TorchEmbedding = TorchSharp.Modules.Embedding;
using TorchParameter = TorchSharp.Modules.Parameter;
using TorchTensor = TorchSharp.torch.Tensor;

namespace TinyLM.Benchmarks;

/// <summary>The models of <see cref="GptConfig.Gpt2"/> and <see cref="GptConfig.Llama"/> in eager libtorch, on a flat stream of tokens.</summary>
internal sealed class TorchGpt
{
    private readonly ModelSetting _setting;
    private readonly GptConfig _config;
    private readonly bool _llama;
    private readonly List<TorchParameter> _parameters = [];
    private readonly TorchEmbedding _embedding;
    private readonly TorchEmbedding? _positions;
    private readonly TorchParameter _head, _norm;
    private readonly Block[] _blocks;

    private TorchGpt(ModelSetting setting, bool llama)
    {
        (_setting, _config, _llama) = (setting, setting.Config(llama), llama);
        int width = setting.Width, hidden = _config.HiddenWidth;
        _embedding = Table(setting.Vocabulary, width);
        _positions = llama ? null : Table(_config.ContextLength, width);
        _blocks = [.. Enumerable.Range(0, setting.Layers).Select(_ => new Block(
            Gain(width), Weight(3 * width, width), Weight(width, width), Gain(width), Weight(hidden, width), llama ? Weight(hidden, width) : null, Weight(width, hidden)))];
        _norm = Gain(width);
        _head = llama ? Weight(setting.Vocabulary, width) : _embedding.weight!;
    }

    private delegate TorchTensor Attend(TorchTensor qkv);

    public static TorchTensor RmsNorm(TorchTensor x, TorchTensor gain) => x * (x.square().mean([-1], keepdim: true) + 1e-5).rsqrt() * gain;

    public static List<Contender> Steps(ModelSetting setting, bool llama) => Ways(setting, llama, (model, loss) =>
    {
        var optimizer = optim.AdamW(model._parameters, 1e-3, beta1: 0.9, beta2: 0.99, weight_decay: 0.1);
        return () =>
        {
            optimizer.zero_grad();
            TorchTensor value = loss();
            value.backward();
            nn.utils.clip_grad_norm_(model._parameters, 1.0);
            optimizer.step();
            value.item<float>();
        };
    });

    public static List<Contender> Forwards(ModelSetting setting, bool llama) => Ways(setting, llama, (_, loss) => () =>
    {
        using var _ = no_grad();
        loss().item<float>();
    });

    /// <summary>Keys and values of each layer in one tensor that is allocated once; a token's are written in place.</summary>
    public static Action Generation(GenerationCase @case)
    {
        ModelSetting setting = @case.Setting;
        var model = new TorchGpt(setting, llama: false);
        long heads = setting.Heads, size = setting.Width / setting.Heads;
        TorchTensor[] caches = [.. model._blocks.Select(_ => zeros(2, heads, model._config.ContextLength, size))];
        return () =>
        {
            using var gradients = no_grad();
            for (int i = 0; i < @case.Count; i++)
            {
                using var scope = TorchSharp.torch.NewDisposeScope();
                int layer = 0;
                TorchTensor id = tensor([(long)(i % setting.Vocabulary)]), position = tensor([(long)i]);
                model.Logits(id, position, qkv =>
                {
                    TorchTensor cache = caches[layer++], parts = qkv.view(3, heads, 1, size);
                    cache.narrow(2, i, 1).copy_(parts.narrow(0, 1, 2));
                    TorchTensor seen = cache.narrow(2, 0, i + 1);
                    return F.scaled_dot_product_attention(parts[0].unsqueeze(0), seen[0].unsqueeze(0), seen[1].unsqueeze(0)).reshape(1, setting.Width);
                })[0, 0].item<float>();
            }
        };
    }

    private static List<Contender> Ways(ModelSetting setting, bool llama, Func<TorchGpt, Func<TorchTensor>, Action> run)
    {
        TokenBatch batch = setting.Batch();
        TorchTensor ids = Indices(batch.Ids), targets = Indices(batch.Targets), positions = Indices(batch.Offsets.Positions);
        if (setting.IsOfEqualLengths)
        {
            return [Way("libtorch, batch", qkv => TorchAttention.Attend(qkv, setting.Lengths[0], setting.Heads))];
        }

        TorchTensor mask = TorchAttention.BlockMask(setting.Lengths);
        return
        [
            Way("libtorch, loop", qkv => TorchAttention.Loop(qkv, setting.Lengths, setting.Heads)),
            Way("libtorch, mask", qkv => TorchAttention.Attend(qkv, setting.Tokens, setting.Heads, mask)),
        ];

        Contender Way(string name, Attend attend)
        {
            var model = new TorchGpt(setting, llama);
            return new Contender(name, run(model, () => F.cross_entropy(model.Logits(ids, positions, attend), targets, ignore_index: -1)));
        }
    }

    private static TorchTensor Indices(ReadOnlySpan<int> values)
    {
        var longs = new long[values.Length];
        for (int i = 0; i < longs.Length; i++)
        {
            longs[i] = values[i];
        }

        return tensor(longs);
    }

    private TorchTensor Logits(TorchTensor ids, TorchTensor positions, Attend attend)
    {
        TorchTensor x = _embedding.call(ids);
        (TorchTensor Cosine, TorchTensor Sine)? rotary = null;
        if (_positions is not null)
        {
            x = x + _positions.call(positions);
        }
        else
        {
            int size = _setting.Width / _setting.Heads;
            TorchTensor angles = positions.to(float32).unsqueeze(1) * pow(10000.0, arange(0, size, 2, dtype: float32) / -size);
            rotary = (angles.cos().view(-1, 1, 1, size / 2), angles.sin().view(-1, 1, 1, size / 2));
        }

        foreach (Block block in _blocks)
        {
            TorchTensor qkv = mm(Norm(x, block.AttentionGain), block.Qkv.t());
            x = x + mm(attend(rotary is var (cosine, sine) ? Turn(qkv, cosine, sine) : qkv), block.AttentionOut.t());
            TorchTensor normed = Norm(x, block.MlpGain), up = mm(normed, block.Up.t());
            x = x + mm(block.Gate is null ? F.gelu(up, GELU.Approximate.tanh) : F.silu(mm(normed, block.Gate.t())) * up, block.Down.t());
        }

        return mm(Norm(x, _norm), _head.t());
    }

    /// <summary>Rotary positions of queries and keys, halves of a head as pairs.</summary>
    private TorchTensor Turn(TorchTensor qkv, TorchTensor cosine, TorchTensor sine)
    {
        long tokens = qkv.shape[0], width = _setting.Width;
        TorchTensor[] halves = qkv.narrow(1, 0, 2 * width).view(tokens, 2, _setting.Heads, width / _setting.Heads).chunk(2, -1);
        TorchTensor turned = cat([halves[0] * cosine - halves[1] * sine, halves[1] * cosine + halves[0] * sine], -1);
        return cat([turned.view(tokens, 2 * width), qkv.narrow(1, 2 * width, width)], 1);
    }

    private TorchTensor Norm(TorchTensor x, TorchTensor gain) => _llama ? RmsNorm(x, gain) : F.layer_norm(x, [_setting.Width], gain);

    private TorchEmbedding Table(long rows, long columns)
    {
        TorchEmbedding table = nn.Embedding(rows, columns);
        nn.init.normal_(table.weight!, std: 0.02);
        Keep(table.weight!);
        return table;
    }

    private TorchParameter Weight(long rows, long columns) => Keep(new TorchParameter(randn(rows, columns) * 0.02));

    private TorchParameter Gain(long columns) => Keep(new TorchParameter(ones(columns)));

    private TorchParameter Keep(TorchParameter parameter)
    {
        _parameters.Add(parameter);
        return parameter;
    }

    private sealed record Block(TorchParameter AttentionGain, TorchParameter Qkv, TorchParameter AttentionOut, TorchParameter MlpGain, TorchParameter Up, TorchParameter? Gate, TorchParameter Down);
}
