namespace TinyLM;

/// <summary>The feed-forward part: x + W_down · hidden(norm(x)), with the hidden layer of <see cref="MlpKind"/>.</summary>
internal sealed class MlpLayer
{
    private readonly MlpKind _kind;
    private readonly Norm _norm;
    private readonly LinearLayer _up, _down;
    private readonly LinearLayer? _gate;

    public MlpLayer(GptConfig config, ParameterSet parameters, int layer)
    {
        _kind = config.Mlp;
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
    /// <param name="dropout">What is dropped of the result before x is added.</param>
    /// <returns>[tokens, width].</returns>
    public Variable Forward(Variable x, DropoutOptions dropout)
    {
        Variable normed = _norm.Forward(x);
        Variable hidden = _kind switch
        {
            MlpKind.SwiGlu => Gated(normed),
            MlpKind.ReluSquared => _up.Forward<ReluSquared>(normed),
            _ => _up.Forward<Gelu>(normed),
        };
        normed.Release();
        Variable y = _down.Forward(hidden, x, dropout);
        hidden.Release();
        return y;
    }

    private Variable Gated(Variable normed)
    {
        Variable up = _up.Forward(normed);
        return _gate!.Forward(normed).Apply<SwiGlu>(up);
    }

    private static string Name(int layer) => $"blocks.{layer}.mlp";
}
