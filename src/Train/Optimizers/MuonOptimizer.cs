namespace TinyLM;

/// <summary>
/// Muon for the matrices inside a network and AdamW for all else (embeddings, the head, gains, biases), with clipping of the gradients'
/// global norm.
/// </summary>
public sealed class MuonOptimizer
{
    private readonly ParameterSet _parameters;
    private readonly MuonRule _rule;
    private readonly AdamWRule _otherRule;
    private readonly State[] _states;

    /// <param name="parameters">What is trained.</param>
    /// <param name="rule">For the matrices that <paramref name="takesMuon"/> names.</param>
    /// <param name="otherRule">For all other parameters.</param>
    /// <param name="takesMuon">Whether a parameter is a matrix inside the network.</param>
    public MuonOptimizer(ParameterSet parameters, MuonRule rule, AdamWRule otherRule, Func<Parameter, bool> takesMuon)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(takesMuon);
        (_parameters, _rule, _otherRule) = (parameters, rule, otherRule);
        _states = new State[parameters.All.Count];
        for (int i = 0; i < _states.Length; i++)
        {
            Parameter parameter = parameters.All[i];
            _states[i] = new State(Zeros(parameter, "momentum"), takesMuon(parameter) ? default : Zeros(parameter, "second moments"));
        }
    }

    /// <summary>Steps taken.</summary>
    public long StepCount { get; set; }

    /// <summary>The momentum of a parameter, or its first moments.</summary>
    public Tensor Momentum(int parameter) => _states[parameter].First;

    /// <summary>The second moments of a parameter; none for one that takes Muon.</summary>
    public Tensor SecondMoments(int parameter) => _states[parameter].Second;

    /// <summary>One step with the gradients at hand. Call it before the step's tape is disposed: it uses the arena.</summary>
    /// <param name="learningRate">Muon's.</param>
    /// <param name="otherLearningRate">AdamW's.</param>
    /// <param name="weightDecay">Of the parameters that decay.</param>
    /// <param name="clipNorm">The most that the norm of all gradients may be.</param>
    /// <returns>The norm of all gradients before clipping. Where it is no finite number, nothing has changed.</returns>
    public double Step(double learningRate, double otherLearningRate, double weightDecay, double clipNorm)
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
            State state = _states[i];
            double decay = parameter.Decays ? weightDecay : 0;
            if (state.Second.IsNone)
            {
                Muon.Step(parameter.Value, parameter.Gradient, state.First, _rule, learningRate, decay, scale);
            }
            else
            {
                AdamW.Step(parameter.Value, parameter.Gradient, state.First, state.Second, _otherRule, StepCount, otherLearningRate, decay, scale);
            }
        }

        return norm;
    }

    private Tensor Zeros(Parameter parameter, string what) => _parameters.Device.Allocate(parameter.Rows, parameter.Columns, $"{parameter.Name}.{what}");

    private readonly record struct State(Tensor First, Tensor Second);
}
