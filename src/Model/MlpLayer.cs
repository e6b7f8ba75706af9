namespace TinyLM;

/// <summary>The feed-forward part: x + W_down · hidden(norm(x)), with the hidden layer of <see cref="MlpKind"/>.</summary>
internal sealed class MlpLayer
{
    private readonly MlpKind _kind;
    private readonly string _gateName, _upName, _downName;
    private readonly Norm _norm;
    private readonly LinearLayer _up, _down;
    private readonly LinearLayer? _gate;

    public MlpLayer(GptConfig config, ParameterSet parameters, int layer)
    {
        _kind = config.Mlp;
        (_gateName, _upName, _downName) = ($"{Name(layer)}.gate", $"{Name(layer)}.up", $"{Name(layer)}.down");
        _norm = new Norm(config, parameters, $"{Name(layer)}.norm");
        _gate = _kind == MlpKind.SwiGlu ? new LinearLayer(config, parameters, $"{Name(layer)}.gate") : null;
        _up = new LinearLayer(config, parameters, $"{Name(layer)}.up");
        _down = new LinearLayer(config, parameters, $"{Name(layer)}.down");
    }

    public static void Declare(ParameterPlan plan, GptConfig config, int layer)
    {
        Norm.Declare(plan, config, $"{Name(layer)}.norm");
        if (config.Mlp == MlpKind.SwiGlu)
        {
            LinearLayer.Declare(plan, config, $"{Name(layer)}.gate", config.HiddenWidth, config.Width, Initial.Deviation);
        }

        LinearLayer.Declare(plan, config, $"{Name(layer)}.up", config.HiddenWidth, config.Width, Initial.Deviation);
        LinearLayer.Declare(plan, config, $"{Name(layer)}.down", config.Width, config.HiddenWidth, Initial.ResidualDeviation(config));
    }

    /// <param name="x">[tokens, width].</param>
    /// <param name="context">Dropout, adapters.</param>
    /// <returns>[tokens, width].</returns>
    public Variable Forward(Variable x, in StreamContext context)
    {
        DocumentOffsets offsets = context.Tails?.Offsets ?? context.Offsets;
        Variable normed = _norm.Forward(x), delta = context.Delta(_upName, normed, offsets);
        Variable hidden = _kind switch
        {
            MlpKind.SwiGlu => Gated(normed, delta, context.Delta(_gateName, normed, offsets)),
            MlpKind.ReluSquared => Activated<ReluSquared>(normed, delta),
            _ => Activated<Gelu>(normed, delta),
        };
        normed.Release();
        delta = context.Delta(_downName, hidden, offsets);
        Variable y = _down.Forward(hidden, delta.IsNone ? x : x + delta, context.Dropout);
        hidden.Release();
        return y;
    }

    private Variable Activated<TActivation>(Variable normed, Variable delta)
        where TActivation : unmanaged, IUnaryOp =>
        delta.IsNone ? _up.Forward<TActivation>(normed) : _up.Forward(normed, delta).Apply<TActivation>();

    private Variable Gated(Variable normed, Variable upDelta, Variable gateDelta)
    {
        Variable up = _up.Forward(normed, upDelta);
        return _gate!.Forward(normed, gateDelta).Apply<SwiGlu>(up);
    }

    private static string Name(int layer) => $"blocks.{layer}.mlp";
}
