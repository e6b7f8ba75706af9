namespace TinyLM;

/// <summary>Causal self-attention within each document: x + W_out · attention(W_qkv · norm(x)).</summary>
internal sealed class AttentionLayer
{
    private readonly int _layer;
    private readonly string _queryName, _keyName, _valueName, _outputName;
    private readonly AttentionShape _shape;
    private readonly Norm _norm;
    private readonly HeadNorm? _headNorm;
    private readonly LinearLayer _qkv, _output;

    public AttentionLayer(GptConfig config, ParameterSet parameters, int layer)
    {
        _layer = layer;
        (_queryName, _keyName, _valueName, _outputName) = ($"{Name(layer)}.query", $"{Name(layer)}.key", $"{Name(layer)}.value", $"{Name(layer)}.output");
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
        if (context.Tails is not null || context.Past is not null)
        {
            return ForwardParts(x, context);
        }

        Variable normed = _norm.Forward(x);
        Variable query = context.Delta(_queryName, normed, context.Offsets), key = context.Delta(_keyName, normed, context.Offsets);
        Variable value = context.Delta(_valueName, normed, context.Offsets);
        Variable delta = Beside(_shape.TotalWidth, (query, 0), (key, _shape.QueryWidth), (value, _shape.QueryWidth + _shape.KeyValueWidth));
        Variable qkv = _qkv.Forward(normed, delta);
        normed.Release();
        qkv = Placed(qkv, QueryAndKeyHeads, context.Positions, context.RotaryTable);
        return Output(Attend(qkv, context), x, context, context.Offsets);
    }

    /// <summary>Queries by themselves, as they are fewer than the keys: those of the tails alone, or of the new tokens.</summary>
    /// <returns>[tokens or tail tokens, width].</returns>
    private Variable ForwardParts(Variable x, in StreamContext context)
    {
        Variable normed = _norm.Forward(x), asked = normed, residual = x;
        var (queries, keys, positions) = (context.Offsets, context.Offsets, context.Positions);
        if (context.Tails is { } tails)
        {
            (asked, residual, queries, positions) = (tails.Of(normed), tails.Of(x), tails.Offsets, tails.Positions);
        }

        Variable q = _qkv.Forward(asked, 0, _shape.QueryWidth, context.Delta(_queryName, asked, queries));
        Variable key = context.Delta(_keyName, normed, context.Offsets), value = context.Delta(_valueName, normed, context.Offsets);
        Variable kv = _qkv.Forward(normed, _shape.QueryWidth, 2 * _shape.KeyValueWidth, Beside(2 * _shape.KeyValueWidth, (key, 0), (value, _shape.KeyValueWidth)));
        normed.Release();
        q = Placed(q, _shape.QueryHeads, positions, context.RotaryTable);
        kv = Placed(kv, _shape.KeyValueHeads, context.Positions, context.RotaryTable);
        if (context.Past is { } past)
        {
            (kv, keys) = (past.Merge(_layer, kv), past.Keys);
        }

        return Output(q.AttentionTail(queries, kv, keys, _shape), residual, context, queries);
    }

    /// <summary>The first heads of a row, normalised where the config says so, and turned by their positions.</summary>
    private Variable Placed(Variable x, int headCount, IndexTensor positions, Tensor rotaryTable)
    {
        x = _headNorm?.Forward(x, headCount) ?? x;
        return rotaryTable.IsNone ? x : x.Rotary(positions, rotaryTable, headCount, _shape.HeadSize, inPlace: true);
    }

    private Variable Output(Variable y, Variable residual, in StreamContext context, DocumentOffsets offsets)
    {
        Variable delta = context.Delta(_outputName, y, offsets);
        return _output.Forward(y, delta.IsNone ? residual : residual + delta, context.Dropout);
    }

    /// <summary>What adapters add to columns of one product; none where they add nothing.</summary>
    private static Variable Beside(int columns, params ReadOnlySpan<(Variable Delta, int Start)> parts)
    {
        (Variable Delta, int Start) first = default, second = default, third = default;
        foreach (var part in parts)
        {
            if (part.Delta.IsNone)
            {
                continue;
            }

            (first, second, third) = first.Delta.IsNone ? (part, second, third) : second.Delta.IsNone ? (first, part, third) : (first, second, part);
        }

        return first.Delta.IsNone ? default : first.Delta.PlaceColumns(first.Start, columns, second.Delta, second.Start, third.Delta, third.Start);
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
