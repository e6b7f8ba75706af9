namespace TinyLM;

/// <summary>The normalisation that the config asks for.</summary>
internal sealed class Norm
{
    private readonly GptConfig _config;
    private readonly Parameter _gain;
    private readonly Parameter? _bias;

    public Norm(GptConfig config, ParameterSet parameters, string name)
    {
        _config = config;
        _gain = parameters[$"{name}.gain"];
        _bias = HasBias(config) ? parameters[$"{name}.bias"] : null;
    }

    public static void Declare(ParameterPlan plan, GptConfig config, string name)
    {
        plan.Vector($"{name}.gain", config.Width, 1);
        if (HasBias(config))
        {
            plan.Vector($"{name}.bias", config.Width, 0);
        }
    }

    /// <param name="x">[tokens, width].</param>
    public Variable Forward(Variable x)
    {
        Variable gain = x.Tape.Use(_gain);
        return _config.Norm == NormKind.RmsNorm
            ? x.RmsNorm(gain, _config.NormEpsilon)
            : x.LayerNorm(gain, x.Tape.UseOptional(_bias), _config.NormEpsilon);
    }

    private static bool HasBias(GptConfig config) => config.Biases && config.Norm == NormKind.LayerNorm;
}
