namespace TinyLM;

/// <summary>
/// An average of a model's weights over the steps of a run, often better than the weights that the run ends with: one that moves along (Polyak and
/// Juditsky, "Acceleration of stochastic approximation by averaging", 1992), or one of a few points of the run (Izmailov et al., "Averaging weights
/// leads to wider optima", 2018). What it holds is a function of the steps taken, so a resumed run goes on with it.
/// </summary>
public abstract class WeightAverage
{
    private readonly ParameterSet _parameters;

    private protected WeightAverage(ParameterSet parameters, string name)
    {
        (_parameters, Name) = (parameters, name);
        Values = parameters.Device.Allocate(1, parameters.Values.Columns, name);
    }

    /// <summary>For tables and files.</summary>
    public string Name { get; }

    /// <summary>[1, n], in the layout of <see cref="ParameterSet.Values"/>.</summary>
    public Tensor Values { get; }

    /// <summary>Whether any weights have gone into it.</summary>
    public abstract bool HasValues(long step, long totalSteps);

    /// <summary>Takes the weights after a step, if it is the step for it.</summary>
    /// <param name="step">Steps taken.</param>
    /// <param name="totalSteps">Of the whole run; 0 while it is unknown.</param>
    public abstract void Update(long step, long totalSteps);

    /// <summary>Runs <paramref name="use"/> with the average in the place of the weights.</summary>
    public void InPlaceOfWeights(Action use)
    {
        ArgumentNullException.ThrowIfNull(use);
        float[] weights = _parameters.Values.ToArray();
        _parameters.Values.CopyFrom(Values.ToArray());
        try
        {
            use();
        }
        finally
        {
            _parameters.Values.CopyFrom(weights);
        }
    }

    /// <summary>The values of a parameter, of its shape.</summary>
    public Tensor Of(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return Values.Reshape(Values.Columns, 1).RowRange(parameter.Offset, parameter.Rows * parameter.Columns).Reshape(parameter.Rows, parameter.Columns);
    }

    /// <summary>The averages that a recipe asks for.</summary>
    internal static IReadOnlyList<WeightAverage> Create(ParameterSet parameters, TrainingConfig config)
    {
        var averages = new List<WeightAverage>();
        if (config.EmaDecay > 0)
        {
            averages.Add(new Moving(parameters, config.EmaDecay, config.EmaInterval));
        }

        if (config.AverageSchedule is { } schedule)
        {
            averages.Add(new OfPoints(parameters, schedule, firstStep: config.Steps > 0 ? 1 : Trainer.CalibrationSteps + 1));
        }

        return averages;
    }

    /// <summary>average ← keep · average + (1 - keep) · weights.</summary>
    private protected void Mix(double keep) => Elementwise.Binary(Values, _parameters.Values, Values, new WeightedSum((float)keep, (float)(1 - keep)));

    /// <summary>
    /// The exponential moving average. It begins as the weights of its first update, and at first remembers no more than a share of the updates, so
    /// that early weights are soon forgotten.
    /// </summary>
    private sealed class Moving(ParameterSet parameters, double decay, int interval) : WeightAverage(parameters, "ema")
    {
        /// <summary>After k updates it remembers about k / 9 of them, until the decay holds.</summary>
        private const double Memory = 9;

        public override bool HasValues(long step, long totalSteps) => step >= interval;

        public override void Update(long step, long totalSteps)
        {
            if (step % interval == 0)
            {
                long updates = step / interval - 1;
                Mix(Math.Min(decay, updates / (updates + Memory)));
            }
        }
    }

    /// <summary>The weighted mean over points of the run. Points before <paramref name="firstStep"/>, where a run by time does not know its length, are left out.</summary>
    private sealed class OfPoints(ParameterSet parameters, Schedule schedule, long firstStep) : WeightAverage(parameters, "average")
    {
        public override bool HasValues(long step, long totalSteps) => Weights(step, totalSteps).UpToNow > 0;

        public override void Update(long step, long totalSteps)
        {
            var (upToNow, now) = Weights(step, totalSteps);
            if (now > 0)
            {
                Mix(1 - now / upToNow);
            }
        }

        /// <summary>The weight of the points up to a step, and of those at it.</summary>
        private (double UpToNow, double Now) Weights(long step, long totalSteps)
        {
            double upToNow = 0, now = 0;
            if (totalSteps > 0)
            {
                for (int i = 0; i < schedule.Points.Count; i++)
                {
                    var (share, weight) = schedule.Points[i];
                    long at = Math.Max(1, (long)Math.Round(share * totalSteps));
                    upToNow += at >= firstStep && at <= step ? weight : 0;
                    now += at >= firstStep && at == step ? weight : 0;
                }
            }

            return (upToNow, now);
        }
    }
}
