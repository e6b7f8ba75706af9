namespace TinyLM;

/// <summary>Differentiable normalisations of rows.</summary>
public static class NormOperations
{
    /// <inheritdoc cref="RmsNorm"/>
    /// <param name="x">[rows, columns].</param>
    /// <param name="gain">[1, columns], or [1, head size], which all heads share; or none.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="headCount">The norm is of each of the first heads of a row by itself, and the other columns are copied; 0: of whole rows.</param>
    /// <param name="headSize">Columns of a head.</param>
    public static Variable RmsNorm(this Variable x, Variable gain = default, float epsilon = 1e-5f, int headCount = 0, int headSize = 0)
    {
        Tensor y = x.Tape.Allocate(x.Rows, x.Columns), inverseRms = x.Tape.Allocate(x.Rows * Math.Max(1, headCount), 1);
        TinyLM.RmsNorm.Forward(x.Value, gain.Value, y, inverseRms, epsilon, headCount, headSize);
        var operation = x.Tape.Record<RmsNormRecord>(x, gain);
        operation?.Set(x, gain, inverseRms, headCount, headSize);
        return x.Tape.Result(operation, y);
    }

    /// <inheritdoc cref="LayerNorm"/>
    /// <param name="x">[rows, columns].</param>
    /// <param name="gain">[1, columns], or [1, head size], which all heads share; or none.</param>
    /// <param name="bias">As the gain; or none.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="headCount">The norm is of each of the first heads of a row by itself, and the other columns are copied; 0: of whole rows.</param>
    /// <param name="headSize">Columns of a head.</param>
    public static Variable LayerNorm(
        this Variable x, Variable gain = default, Variable bias = default, float epsilon = 1e-5f, int headCount = 0, int headSize = 0)
    {
        Tensor y = x.Tape.Allocate(x.Rows, x.Columns), statistics = x.Tape.Allocate(x.Rows * Math.Max(1, headCount), 2);
        TinyLM.LayerNorm.Forward(x.Value, gain.Value, bias.Value, y, statistics, epsilon, headCount, headSize);
        var operation = x.Tape.Record<LayerNormRecord>(x, gain, bias);
        operation?.Set(x, gain, bias, statistics, headCount, headSize);
        return x.Tape.Result(operation, y);
    }

    private sealed class RmsNormRecord : Operation
    {
        private Variable _x, _gain;
        private Tensor _inverseRms;
        private int _headCount, _headSize;

        public override string Name => "RmsNorm";

        public void Set(Variable x, Variable gain, Tensor inverseRms, int headCount, int headSize) =>
            (_x, _gain, _inverseRms, _headCount, _headSize) = (x, gain, inverseRms, headCount, headSize);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradientOrScratch(), gain = _gain.BeginGradient();
            TinyLM.RmsNorm.Backward(
                _x.Value, _gain.Value, _inverseRms, gradient, x.Tensor, x.Accumulate, gain.Tensor, gain.Accumulate, _headCount, _headSize);
        }
    }

    private sealed class LayerNormRecord : Operation
    {
        private Variable _x, _gain, _bias;
        private Tensor _statistics;
        private int _headCount, _headSize;

        public override string Name => "LayerNorm";

        public void Set(Variable x, Variable gain, Variable bias, Tensor statistics, int headCount, int headSize) =>
            (_x, _gain, _bias, _statistics, _headCount, _headSize) = (x, gain, bias, statistics, headCount, headSize);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradientOrScratch(), gain = _gain.BeginGradient(), bias = _bias.BeginGradient();
            TinyLM.LayerNorm.Backward(
                _x.Value,
                _gain.Value,
                _statistics,
                gradient,
                x.Tensor,
                x.Accumulate,
                gain.Tensor,
                gain.Accumulate,
                bias.Tensor,
                bias.Accumulate,
                _headCount,
                _headSize);
        }
    }
}
