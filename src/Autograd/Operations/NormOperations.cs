namespace TinyLM;

/// <summary>Differentiable normalisations of rows.</summary>
public static class NormOperations
{
    /// <inheritdoc cref="RmsNorm"/>
    /// <param name="x">[rows, columns].</param>
    /// <param name="gain">[1, columns], or none.</param>
    /// <param name="epsilon">ε.</param>
    public static Variable RmsNorm(this Variable x, Variable gain = default, float epsilon = 1e-5f)
    {
        Tensor y = x.Tape.Allocate(x.Rows, x.Columns), inverseRms = x.Tape.Allocate(x.Rows, 1);
        TinyLM.RmsNorm.Forward(x.Value, gain.Value, y, inverseRms, epsilon);
        var operation = x.Tape.Record<RmsNormRecord>(x, gain);
        operation?.Set(x, gain, inverseRms);
        return x.Tape.Result(operation, y);
    }

    /// <inheritdoc cref="LayerNorm"/>
    /// <param name="x">[rows, columns].</param>
    /// <param name="gain">[1, columns], or none.</param>
    /// <param name="bias">[1, columns], or none.</param>
    /// <param name="epsilon">ε.</param>
    public static Variable LayerNorm(this Variable x, Variable gain = default, Variable bias = default, float epsilon = 1e-5f)
    {
        Tensor y = x.Tape.Allocate(x.Rows, x.Columns), statistics = x.Tape.Allocate(x.Rows, 2);
        TinyLM.LayerNorm.Forward(x.Value, gain.Value, bias.Value, y, statistics, epsilon);
        var operation = x.Tape.Record<LayerNormRecord>(x, gain, bias);
        operation?.Set(x, gain, bias, statistics);
        return x.Tape.Result(operation, y);
    }

    private sealed class RmsNormRecord : Operation
    {
        private Variable _x, _gain;
        private Tensor _inverseRms;

        public override string Name => "RmsNorm";

        public void Set(Variable x, Variable gain, Tensor inverseRms) => (_x, _gain, _inverseRms) = (x, gain, inverseRms);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradientOrScratch(), gain = _gain.BeginGradient();
            TinyLM.RmsNorm.Backward(_x.Value, _gain.Value, _inverseRms, gradient, x.Tensor, x.Accumulate, gain.Tensor, gain.Accumulate);
        }
    }

    private sealed class LayerNormRecord : Operation
    {
        private Variable _x, _gain, _bias;
        private Tensor _statistics;

        public override string Name => "LayerNorm";

        public void Set(Variable x, Variable gain, Variable bias, Tensor statistics) => (_x, _gain, _bias, _statistics) = (x, gain, bias, statistics);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradientOrScratch(), gain = _gain.BeginGradient(), bias = _bias.BeginGradient();
            TinyLM.LayerNorm.Backward(
                _x.Value, _gain.Value, _statistics, gradient, x.Tensor, x.Accumulate, gain.Tensor, gain.Accumulate, bias.Tensor, bias.Accumulate);
        }
    }
}
