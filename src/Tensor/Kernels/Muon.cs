namespace TinyLM;

/// <summary>
/// One step of Muon, for the matrices inside a network: m ← μm + (1-μ)g, u = m or with Nesterov's momentum μm + (1-μ)g once more, and
/// p ← (1 - lr·decay)·p - lr·√max(1, rows/columns) · orthogonal(u), by <see cref="NewtonSchulz"/>. Every direction of the matrix moves by
/// about the same amount. Two variations that a <see cref="MuonRule"/> may ask for: the update's variance is evened out over neurons, and the decay
/// is cautious.
/// <remarks>torch.optim.Muon. K. Jordan, "Muon: an optimizer for hidden layers in neural networks", 2024. Li et al., "NorMuon: making Muon more
/// efficient and scalable", 2025. Chen et al., "Cautious weight decay", 2025.</remarks>
/// </summary>
public static class Muon
{
    /// <summary>Keeps what has never moved from a division by 0.</summary>
    private const float SmallestVariance = 1e-10f;

    /// <param name="values">p, [outputs, inputs]; so do gradients and momentum have its shape.</param>
    /// <param name="gradients">g.</param>
    /// <param name="momentum">m, zeros before the first step.</param>
    /// <param name="variance">Of the shape of <see cref="VarianceShape"/>, zeros before the first step; none where the rule has no variance decay.</param>
    /// <param name="rule">The hyperparameters.</param>
    /// <param name="step">From 1.</param>
    /// <param name="learningRate">lr of this step.</param>
    /// <param name="weightDecay">Decay of these values, decoupled as in <see cref="AdamW"/>.</param>
    /// <param name="gradientScale">g is multiplied by it first: the clip factor.</param>
    public static void Step(
        Tensor values, Tensor gradients, Tensor momentum, Tensor variance, MuonRule rule, long step, double learningRate, double weightDecay, double gradientScale)
    {
        Shapes.Check(nameof(Muon), nameof(gradients), gradients, values.Rows, values.Columns);
        Shapes.Check(nameof(Muon), nameof(momentum), momentum, values.Rows, values.Columns);
        double keep = rule.MomentumAt(step);
        var average = new WeightedSum((float)keep, (float)((1 - keep) * gradientScale));
        double rate = learningRate * Math.Sqrt(Math.Max(1, (double)values.Rows / values.Columns));
        Elementwise.Binary(momentum, gradients, momentum, average);
        Tensor update = values.Device.Temporary(values.Rows, values.Columns);
        if (rule.Nesterov)
        {
            Elementwise.Binary(momentum, gradients, update, average);
            NewtonSchulz.Orthogonalize(update, update, rule.Orthogonalization);
        }
        else
        {
            NewtonSchulz.Orthogonalize(momentum, update, rule.Orthogonalization);
        }

        if (rule.VarianceDecay > 0)
        {
            EvenOut(update, variance, rule.VarianceDecay);
        }

        if (rule.CautiousDecay)
        {
            Elementwise.Binary(values, update, values, new CautiousStep((float)(1 - learningRate * weightDecay), (float)rate));
        }
        else
        {
            Elementwise.Binary(values, update, values, new WeightedSum((float)(1 - learningRate * weightDecay), (float)-rate));
        }

        values.Device.Arena.Recycle(update);
    }

    /// <summary>One variance a row of a tall or square matrix, one a column of a wide one.</summary>
    public static (int Rows, int Columns) VarianceShape(int rows, int columns) => rows >= columns ? (rows, 1) : (1, columns);

    /// <summary>v ← βv + (1-β)·mean(u²) of each row or column, and u ← u / √v, scaled so that the norm of u stays.</summary>
    private static void EvenOut(Tensor update, Tensor variance, double decay)
    {
        var (rows, columns) = VarianceShape(update.Rows, update.Columns);
        Shapes.Check(nameof(Muon), nameof(variance), variance, rows, columns);
        Device device = update.Device;
        Tensor before = device.Temporary(1, 1), after = device.Temporary(1, 1), sums = device.Temporary(rows, columns);
        Tensor squares = device.Temporary(update.Rows, update.Columns);
        Elementwise.Binary<Multiply>(update, update, squares);
        if (columns == 1)
        {
            Reduce.Rows(ReductionKind.Sum, squares, sums);
        }
        else
        {
            ColumnSums.Forward(squares, sums, accumulate: false);
        }

        Elementwise.Binary(variance, sums, variance, new WeightedSum((float)decay, (float)((1 - decay) * rows * columns / update.Length)));
        Reduction.SumOfSquares(update, before);
        Elementwise.Binary(update, variance, update, default(OverRoot));
        Reduction.SumOfSquares(update, after);
        Elementwise.Binary(before, after, before, default(RootOfRatio));
        Elementwise.Binary<Multiply>(update, before, update);
        device.Arena.Recycle(squares);
        device.Arena.Recycle(sums);
        device.Arena.Recycle(after);
        device.Arena.Recycle(before);
    }

    /// <summary>u / √v.</summary>
    private readonly struct OverRoot : IBinaryOp
    {
        public T Apply<T>(T a, T b)
            where T : struct, ILane<T> => a / T.Sqrt(T.Max(b, T.Constant(SmallestVariance)));
    }

    /// <summary>√(a / b); of two norms that are 0, 0.</summary>
    private readonly struct RootOfRatio : IBinaryOp
    {
        public T Apply<T>(T a, T b)
            where T : struct, ILane<T> => T.Sqrt(a / T.Max(b, T.Constant(SmallestVariance)));
    }

    /// <summary>keep · p - rate · u where the step takes p towards 0, elsewhere p - rate · u.</summary>
    private readonly struct CautiousStep(float keep, float rate) : IBinaryOp
    {
        private readonly float _keep = keep, _rate = rate;

        public T Apply<T>(T a, T b)
            where T : struct, ILane<T> => T.SelectGreater(T.Constant(0), a * b, a, T.Constant(_keep) * a) - T.Constant(_rate) * b;
    }
}

/// <summary>Muon's hyperparameters that do not change from step to step.</summary>
/// <param name="Momentum">μ.</param>
/// <param name="Nesterov">Whether the step looks ahead along the momentum.</param>
public sealed record MuonRule(double Momentum = 0.95, bool Nesterov = true)
{
    /// <summary>How the update is orthogonalised.</summary>
    public NewtonSchulzRule Orthogonalization { get; init; } = NewtonSchulzRule.Jordan;

    /// <summary>μ of the first step, if <see cref="MomentumWarmUpSteps"/> is not 0.</summary>
    public double FirstMomentum { get; init; } = 0.85;

    /// <summary>Steps in which μ rises from the first one to <see cref="Momentum"/>.</summary>
    public int MomentumWarmUpSteps { get; init; }

    /// <summary>β of the variance that the update is divided by; 0: it is not.</summary>
    public double VarianceDecay { get; init; }

    /// <summary>Whether only those values decay that the step takes towards 0.</summary>
    public bool CautiousDecay { get; init; }

    /// <param name="step">From 1.</param>
    /// <returns>μ of that step.</returns>
    public double MomentumAt(long step) => step > MomentumWarmUpSteps
        ? Momentum
        : FirstMomentum + (Momentum - FirstMomentum) * (step - 1) / MomentumWarmUpSteps;
}
