namespace TinyLM;

/// <summary>SGD with momentum over all parameters of a model, with clipping of the gradients' global norm.</summary>
public sealed class SgdOptimizer : IOptimizer
{
    private readonly ParameterSet _parameters;
    private readonly SgdRule _rule;

    public SgdOptimizer(ParameterSet parameters, SgdRule rule)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(rule);
        (_parameters, _rule) = (parameters, rule);
        Momentum = rule.Momentum == 0 ? default : parameters.Device.Allocate(1, parameters.Values.Columns, "momentum");
        State = Momentum.IsNone ? [] : [("momentum", Momentum)];
    }

    public string Name => "SGD";

    public long StepCount { get; set; }

    public IReadOnlyList<(string Name, Tensor Value)> State { get; }

    /// <summary>The gradients twice, since their norm comes first; values and momentum in and out.</summary>
    public long BytesPerStep => (Momentum.IsNone ? 4L : 6L) * sizeof(float) * _parameters.Values.Columns;

    /// <summary>[1, n], in the layout of <see cref="ParameterSet.Values"/>; none where the rule has no momentum.</summary>
    public Tensor Momentum { get; }

    public double Step(double learningRate, double weightDecay, double clipNorm)
    {
        double norm = _parameters.GradientNorm(), scale = ParameterSet.ClipScale(norm, clipNorm);
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        StepCount++;
        int decaying = _parameters.DecayingLength;
        Update(0, decaying, learningRate, weightDecay, scale);
        Update(decaying, _parameters.Values.Columns - decaying, learningRate, weightDecay: 0, scale);
        return norm;
    }

    private void Update(int start, int length, double learningRate, double weightDecay, double scale)
    {
        if (length > 0)
        {
            Sgd.Step(
                Range(_parameters.Values, start, length), Range(_parameters.Gradients, start, length),
                Momentum.IsNone ? default : Range(Momentum, start, length), _rule, learningRate, weightDecay, scale);
        }
    }

    private static Tensor Range(Tensor block, int start, int length) => block.Reshape(block.Columns, 1).RowRange(start, length);
}
