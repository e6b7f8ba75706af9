namespace TinyLM;

/// <summary>
/// Muon for the matrices inside a network (<see cref="Parameter.IsHidden"/>) and AdamW for all else (embeddings, the head, gains, biases), with
/// clipping of the gradients' global norm.
/// </summary>
public sealed class MuonOptimizer : IOptimizer
{
    private readonly ParameterSet _parameters;
    private readonly MuonRule _rule;
    private readonly AdamWRule _otherRule;
    private readonly double _rateRatio;
    private readonly ParameterState[] _states;

    /// <param name="parameters">What is trained.</param>
    /// <param name="rule">For the matrices inside the network.</param>
    /// <param name="otherRule">For all other parameters.</param>
    /// <param name="rateRatio">Muon's learning rate over AdamW's: they rise and fall together.</param>
    public MuonOptimizer(ParameterSet parameters, MuonRule rule, AdamWRule otherRule, double rateRatio)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(rule);
        (_parameters, _rule, _otherRule, _rateRatio) = (parameters, rule, otherRule, rateRatio);
        _states = [.. parameters.All.Select(Allocate)];
        State = [.. _states.SelectMany(state => new[] { state.First, state.Second }).Where(tensor => !tensor.IsNone).Select(tensor => (tensor.Name!, tensor))];
        BytesPerStep = sizeof(float) * (4L * parameters.Values.Columns + 2 * State.Sum(state => state.Value.Length));
    }

    public string Name => "Muon and AdamW";

    public long StepCount { get; set; }

    public IReadOnlyList<(string Name, Tensor Value)> State { get; }

    /// <summary>The gradients twice, since their norm comes first; values, momentum and moments in and out. What Muon computes lies in caches, or is more.</summary>
    public long BytesPerStep { get; }

    /// <summary>One step; the learning rate is AdamW's, and Muon's the constructor's ratio times that.</summary>
    /// <inheritdoc/>
    public double Step(double learningRate, double weightDecay, double clipNorm)
    {
        double norm = _parameters.GradientNorm(), scale = ParameterSet.ClipScale(norm, clipNorm);
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        StepCount++;
        for (int i = 0; i < _states.Length; i++)
        {
            Parameter parameter = _parameters.All[i];
            var (first, second) = _states[i];
            double decay = parameter.Decays ? weightDecay : 0;
            if (parameter.IsHidden)
            {
                Muon.Step(parameter.Value, parameter.Gradient, first, second, _rule, StepCount, _rateRatio * learningRate, decay, scale);
            }
            else
            {
                AdamW.Step(parameter.Value, parameter.Gradient, first, second, _otherRule, StepCount, learningRate, decay, scale);
            }
        }

        return norm;
    }

    private ParameterState Allocate(Parameter parameter)
    {
        if (!parameter.IsHidden)
        {
            return new ParameterState(Zeros(parameter, parameter.Rows, parameter.Columns, "first"), Zeros(parameter, parameter.Rows, parameter.Columns, "second"));
        }

        var (rows, columns) = Muon.VarianceShape(parameter.Rows, parameter.Columns);
        Tensor momentum = Zeros(parameter, parameter.Rows, parameter.Columns, "momentum");
        return new ParameterState(momentum, _rule.VarianceDecay > 0 ? Zeros(parameter, rows, columns, "variance") : default);
    }

    private Tensor Zeros(Parameter parameter, int rows, int columns, string what) => _parameters.Device.Allocate(rows, columns, $"{parameter.Name}.{what}");

    /// <param name="First">Momentum, or AdamW's first moments.</param>
    /// <param name="Second">AdamW's second moments, or the variance of a Muon that has one.</param>
    private readonly record struct ParameterState(Tensor First, Tensor Second);
}
