namespace TinyLM.Tests;

/// <summary>A whole model in double precision, of <see cref="Reference"/>'s ops: what any scorer's numbers are held to.</summary>
internal sealed class ReferenceGpt
{
    private readonly GptConfig _config;
    private readonly Dictionary<string, Matrix> _parameters;

    public ReferenceGpt(Gpt model)
    {
        _config = model.Config;
        _parameters = model.Parameters.All.ToDictionary(
            parameter => parameter.Name, parameter => new Matrix(parameter.Rows, parameter.Columns, parameter.Value.ToArray().Select(value => (double)value)));
    }

    /// <summary>[tokens, vocabulary] of one document.</summary>
    public Matrix Logits(int[] ids)
    {
        int[] positions = [.. Enumerable.Range(0, ids.Length)];
        Matrix x = Reference.Embedding(Of("embedding.weight"), ids);
        if (_config.Positions == PositionKind.Learned)
        {
            x = Reference.Add(x, Reference.Embedding(Of("positions.weight"), positions));
        }

        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            x = Attention(x, positions, $"blocks.{layer}.attention");
            x = Mlp(x, $"blocks.{layer}.mlp");
        }

        Matrix logits = Reference.Linear(Norm(x, "norm"), Of(_config.TiedHead ? "embedding.weight" : "head.weight"), null, null);
        return _config.LogitSoftcap > 0 ? logits.Map(value => _config.LogitSoftcap * Math.Tanh(value / _config.LogitSoftcap)) : logits;
    }

    private Matrix Attention(Matrix x, int[] positions, string name)
    {
        var shape = new AttentionShape(_config.HeadCount, _config.KeyValueHeadCount, _config.HeadSize, _config.AttentionWindow, _config.AttentionSoftcap);
        int turned = shape.QueryHeads + shape.KeyValueHeads;
        Matrix qkv = Linear(Norm(x, $"{name}.norm"), $"{name}.qkv", null);
        if (_config.QueryKeyNorm)
        {
            qkv = Reference.OfHeads(qkv, turned, shape.HeadSize, head => _config.Norm == NormKind.RmsNorm
                ? Reference.RmsNorm(head, Of($"{name}.head_norm.gain"), _config.NormEpsilon)
                : Reference.LayerNorm(head, Of($"{name}.head_norm.gain"), null, _config.NormEpsilon));
        }

        if (_config.Positions == PositionKind.Rotary)
        {
            qkv = Reference.Rotary(qkv, positions, turned, shape.HeadSize, _config.RotaryBase, rotarySize: _config.RotarySize, scale: _config.RotaryScale);
        }

        return Linear(Reference.Attention(qkv, DocumentOffsets.OneDocument(x.Rows), shape), $"{name}.output", x);
    }

    private Matrix Mlp(Matrix x, string name)
    {
        Matrix normed = Norm(x, $"{name}.norm"), up = Linear(normed, $"{name}.up", null);
        Matrix hidden = _config.Mlp switch
        {
            MlpKind.SwiGlu => Linear(normed, $"{name}.gate", null).Zip(up, (gate, value) => Reference.Silu(gate) * value),
            MlpKind.ReluSquared => up.Map(Reference.ReluSquared),
            _ => up.Map(Reference.Gelu),
        };
        return Linear(hidden, $"{name}.down", x);
    }

    private Matrix Norm(Matrix x, string name) => _config.Norm == NormKind.RmsNorm
        ? Reference.RmsNorm(x, Of($"{name}.gain"), _config.NormEpsilon)
        : Reference.LayerNorm(x, Of($"{name}.gain"), _parameters.GetValueOrDefault($"{name}.bias"), _config.NormEpsilon);

    private Matrix Linear(Matrix x, string name, Matrix? residual) =>
        Reference.Linear(x, Of($"{name}.weight"), _parameters.GetValueOrDefault($"{name}.bias"), residual);

    private Matrix Of(string name) => _parameters[name];
}
