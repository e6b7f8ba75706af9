namespace TinyLM;

/// <summary>AdamW over all parameters of a model, with clipping of the gradients' global norm.</summary>
public sealed class AdamWOptimizer : IOptimizer
{
    private readonly ParameterSet _parameters;
    private readonly AdamWRule _rule;

    public AdamWOptimizer(ParameterSet parameters, AdamWRule rule)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        (_parameters, _rule) = (parameters, rule);
        FirstMoments = parameters.Device.Allocate(1, parameters.Values.Columns, "first moments");
        SecondMoments = parameters.Device.Allocate(1, parameters.Values.Columns, "second moments");
        State = [("first", FirstMoments), ("second", SecondMoments)];
    }

    public string Name => "AdamW";

    public long StepCount { get; set; }

    /// <summary>[1, n], in the layout of <see cref="ParameterSet.Values"/>.</summary>
    public Tensor FirstMoments { get; }

    /// <inheritdoc cref="FirstMoments"/>
    public Tensor SecondMoments { get; }

    public IReadOnlyList<(string Name, Tensor Value)> State { get; }

    /// <summary>The gradients twice, since their norm comes first; values and moments in and out.</summary>
    public long BytesPerStep => 8L * sizeof(float) * _parameters.Values.Columns;

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
            AdamW.Step(
                Range(_parameters.Values, start, length), Range(_parameters.Gradients, start, length), Range(FirstMoments, start, length),
                Range(SecondMoments, start, length), _rule, StepCount, learningRate, weightDecay, scale);
        }
    }

    private static Tensor Range(Tensor block, int start, int length) => block.Reshape(block.Columns, 1).RowRange(start, length);
}
