namespace TinyLM;

/// <summary>Causal self-attention within each document: x + W_out · attention(W_qkv · norm(x)).</summary>
internal sealed class AttentionLayer
{
    private readonly int _layer;
    private readonly AttentionShape _shape;
    private readonly Norm _norm;
    private readonly HeadNorm? _headNorm;
    private readonly LinearLayer _qkv, _output;

    public AttentionLayer(GptConfig config, ParameterSet parameters, int layer)
    {
        _layer = layer;
        _shape = Shape(config);
        _norm = new Norm(config, parameters, $"{Name(layer)}.norm");
        _headNorm = config.QueryKeyNorm ? new HeadNorm(config, parameters, $"{Name(layer)}.head_norm") : null;
        _qkv = new LinearLayer(config, parameters, $"{Name(layer)}.qkv");
        _output = new LinearLayer(config, parameters, $"{Name(layer)}.output");
    }

    public static void Declare(ParameterPlan plan, GptConfig config, int layer)
    {
        Norm.Declare(plan, config, $"{Name(layer)}.norm");
        LinearLayer.Declare(plan, config, $"{Name(layer)}.qkv", Shape(config).TotalWidth, config.Width, Initial.Deviation);
        if (config.QueryKeyNorm)
        {
            HeadNorm.Declare(plan, config, $"{Name(layer)}.head_norm");
        }

        LinearLayer.Declare(plan, config, $"{Name(layer)}.output", config.Width, Shape(config).QueryWidth, Initial.ResidualDeviation(config));
    }

    /// <summary>The first heads of a row; the values' come after them.</summary>
    private int QueryAndKeyHeads => _shape.QueryHeads + _shape.KeyValueHeads;

    /// <param name="x">[tokens, width].</param>
    /// <param name="context">Documents, positions, cache.</param>
    /// <returns>[tokens, width].</returns>
    public Variable Forward(Variable x, in StreamContext context)
    {
        Variable normed = _norm.Forward(x);
        Variable qkv = _qkv.Forward(normed);
        normed.Release();
        qkv = _headNorm?.Forward(qkv, QueryAndKeyHeads) ?? qkv;
        if (!context.RotaryTable.IsNone)
        {
            qkv = qkv.Rotary(context.Positions, context.RotaryTable, QueryAndKeyHeads, _shape.HeadSize, inPlace: true);
        }

        return _output.Forward(Attend(qkv, context), x, context.Dropout);
    }

    private Variable Attend(Variable qkv, in StreamContext context)
    {
        if (context.Cache is not { } cache)
        {
            return qkv.Attention(context.Offsets, _shape);
        }

        Tensor y = context.Tape.Allocate(qkv.Rows, _shape.QueryWidth);
        Attention.ForwardCached(qkv.Value, cache.Layer(_layer), cache.Count, _shape, y);
        return context.Tape.Constant(y);
    }

    private static AttentionShape Shape(GptConfig config) =>
        new(config.HeadCount, config.KeyValueHeadCount, config.HeadSize, config.AttentionWindow, config.AttentionSoftcap);

    private static string Name(int layer) => $"blocks.{layer}.attention";
}
