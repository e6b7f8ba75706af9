namespace TinyLM;

/// <summary>
/// The config's kind of normalisation on the first heads of a row, each by itself, with one gain that they share. It has no bias: the gain alone
/// sets how sharp attention can be.
/// </summary>
internal sealed class HeadNorm
{
    private readonly GptConfig _config;
    private readonly Parameter _gain;

    public HeadNorm(GptConfig config, ParameterSet parameters, string name)
    {
        (_config, _gain) = (config, parameters[$"{name}.gain"]);
    }

    public static void Declare(ParameterPlan plan, GptConfig config, string name) => plan.Vector($"{name}.gain", config.HeadSize, 1);

    /// <param name="x">[tokens, columns].</param>
    /// <param name="headCount">Heads to normalise; the columns after them stay.</param>
    public Variable Forward(Variable x, int headCount)
    {
        Variable gain = x.Tape.Use(_gain);
        return _config.Norm == NormKind.RmsNorm
            ? x.RmsNorm(gain, _config.NormEpsilon, headCount, _config.HeadSize)
            : x.LayerNorm(gain, default, _config.NormEpsilon, headCount, _config.HeadSize);
    }
}
