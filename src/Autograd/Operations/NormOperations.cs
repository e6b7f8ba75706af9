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
        operation?.Set(x, gain, inverseRms, epsilon, headCount, headSize);
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
        operation?.Set(x, gain, bias, statistics, epsilon, headCount, headSize);
        return x.Tape.Result(operation, y);
    }

    private sealed class RmsNormRecord : Operation
    {
        private Variable _x, _gain;
        private Tensor _inverseRms;
        private float _epsilon;
        private int _headCount, _headSize;

        public override string Name => "RmsNorm";

        public override bool IsRepeatable => true;

        public void Set(Variable x, Variable gain, Tensor inverseRms, float epsilon, int headCount, int headSize) =>
            (_x, _gain, _inverseRms, _epsilon, _headCount, _headSize) = (x, gain, inverseRms, epsilon, headCount, headSize);

        public override void Repeat(Tensor result) =>
            TinyLM.RmsNorm.Forward(_x.Value, _gain.Value, result, _inverseRms, _epsilon, _headCount, _headSize);

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
        private float _epsilon;
        private int _headCount, _headSize;

        public override string Name => "LayerNorm";

        public override bool IsRepeatable => true;

        public void Set(Variable x, Variable gain, Variable bias, Tensor statistics, float epsilon, int headCount, int headSize) =>
            (_x, _gain, _bias, _statistics, _epsilon, _headCount, _headSize) = (x, gain, bias, statistics, epsilon, headCount, headSize);

        public override void Repeat(Tensor result) =>
            TinyLM.LayerNorm.Forward(_x.Value, _gain.Value, _bias.Value, result, _statistics, _epsilon, _headCount, _headSize);

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
