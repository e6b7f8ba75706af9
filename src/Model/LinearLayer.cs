namespace TinyLM;

/// <summary>A weight matrix [outputs, inputs] with the bias that the config may ask for.</summary>
internal sealed class LinearLayer
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;

    public LinearLayer(GptConfig config, ParameterSet parameters, string name)
    {
        _weight = parameters[$"{name}.weight"];
        _bias = config.Biases ? parameters[$"{name}.bias"] : null;
    }

    public static void Declare(ParameterPlan plan, GptConfig config, string name, int outputs, int inputs, double deviation)
    {
        plan.Matrix($"{name}.weight", outputs, inputs, deviation);
        if (config.Biases)
        {
            plan.Vector($"{name}.bias", outputs, 0);
        }
    }

    /// <param name="x">[tokens, inputs].</param>
    /// <param name="residual">[tokens, outputs], added to the result; or none.</param>
    /// <returns>[tokens, outputs].</returns>
    public Variable Forward(Variable x, Variable residual = default) =>
        x.Linear(x.Tape.Use(_weight), x.Tape.UseOptional(_bias), residual);

    /// <summary>As <see cref="Forward(Variable, Variable)"/>, with an activation applied to the result where it is made.</summary>
    /// <param name="x">[tokens, inputs].</param>
    /// <returns>[tokens, outputs].</returns>
    public Variable Forward<TActivation>(Variable x)
        where TActivation : unmanaged, IUnaryOp => x.Linear<TActivation>(x.Tape.Use(_weight), x.Tape.UseOptional(_bias));
}
