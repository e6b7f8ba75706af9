namespace TinyLM;

/// <summary>A weight matrix [outputs, inputs] with the bias that the config may ask for.</summary>
internal sealed class LinearLayer
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly ulong _purpose;

    public LinearLayer(GptConfig config, ParameterSet parameters, string name)
    {
        _weight = parameters[$"{name}.weight"];
        _bias = config.Biases ? parameters[$"{name}.bias"] : null;
        _purpose = Philox.Purpose($"{name}.dropout");
    }

    public static void Declare(ParameterPlan plan, GptConfig config, string name, int outputs, int inputs, double deviation)
    {
        plan.Matrix($"{name}.weight", outputs, inputs, deviation);
        if (config.Biases)
        {
            plan.Vector($"{name}.bias", outputs, 0);
        }
    }

    /// <summary>Some of the outputs alone.</summary>
    /// <param name="x">[tokens, inputs].</param>
    /// <param name="first">The first of the outputs.</param>
    /// <param name="count">How many.</param>
    /// <param name="delta">[tokens, count], added to the result; or none.</param>
    /// <returns>[tokens, count].</returns>
    public Variable Forward(Variable x, int first, int count, Variable delta)
    {
        Variable bias = x.Tape.UseOptional(_bias);
        return x.Linear(x.Tape.Use(_weight).RowRange(first, count), bias.IsNone ? bias : bias.ColumnRange(first, count), delta);
    }

    /// <param name="x">[tokens, inputs].</param>
    /// <param name="delta">[tokens, outputs]: what an adapter adds; or none.</param>
    /// <returns>[tokens, outputs].</returns>
    public Variable Forward(Variable x, Variable delta = default) => x.Linear(x.Tape.Use(_weight), x.Tape.UseOptional(_bias), delta);

    /// <summary>As <see cref="Forward(Variable, Variable)"/>, written to the residual stream.</summary>
    /// <param name="x">[tokens, inputs].</param>
    /// <param name="residual">[tokens, outputs], added to the result.</param>
    /// <param name="dropout">What is dropped of the result before.</param>
    /// <returns>[tokens, outputs].</returns>
    public Variable Forward(Variable x, Variable residual, DropoutOptions dropout) => dropout.Probability == 0
        ? x.Linear(x.Tape.Use(_weight), x.Tape.UseOptional(_bias), residual)
        : dropout.Apply(Forward(x), _purpose).Apply<Add>(residual);

    /// <summary>As <see cref="Forward(Variable, Variable)"/>, with an activation applied to the result where it is made.</summary>
    /// <param name="x">[tokens, inputs].</param>
    /// <returns>[tokens, outputs].</returns>
    public Variable Forward<TActivation>(Variable x)
        where TActivation : unmanaged, IUnaryOp => x.Linear<TActivation>(x.Tape.Use(_weight), x.Tape.UseOptional(_bias));
}
