namespace TinyLM;

/// <summary>
/// One step of Muon, for the matrices inside a network: m ← μm + (1-μ)g, u = m or with Nesterov's momentum μm + (1-μ)g once more, and
/// p ← (1 - lr·decay)·p - lr·√max(1, rows/columns) · orthogonal(u), by <see cref="NewtonSchulz"/>. Every direction of the matrix moves by
/// about the same amount.
/// <remarks>torch.optim.Muon. K. Jordan, "Muon: an optimizer for hidden layers in neural networks", 2024.</remarks>
/// </summary>
public static class Muon
{
    /// <param name="values">p, [outputs, inputs]; so do gradients and momentum have its shape.</param>
    /// <param name="gradients">g.</param>
    /// <param name="momentum">m, zeros before the first step.</param>
    /// <param name="rule">The hyperparameters.</param>
    /// <param name="learningRate">lr of this step.</param>
    /// <param name="weightDecay">Decay of these values, decoupled as in <see cref="AdamW"/>.</param>
    /// <param name="gradientScale">g is multiplied by it first: the clip factor.</param>
    public static void Step(
        Tensor values, Tensor gradients, Tensor momentum, MuonRule rule, double learningRate, double weightDecay, double gradientScale)
    {
        Shapes.Check(nameof(Muon), nameof(gradients), gradients, values.Rows, values.Columns);
        Shapes.Check(nameof(Muon), nameof(momentum), momentum, values.Rows, values.Columns);
        float keep = (float)rule.Momentum, add = (float)((1 - rule.Momentum) * gradientScale);
        double rate = learningRate * Math.Sqrt(Math.Max(1, (double)values.Rows / values.Columns));
        Elementwise.Binary(momentum, gradients, momentum, new WeightedSum(keep, add));
        Tensor update = values.Device.Temporary(values.Rows, values.Columns);
        if (rule.Nesterov)
        {
            Elementwise.Binary(momentum, gradients, update, new WeightedSum(keep, add));
            NewtonSchulz.Orthogonalize(update, update, rule.Orthogonalization);
        }
        else
        {
            NewtonSchulz.Orthogonalize(momentum, update, rule.Orthogonalization);
        }

        Elementwise.Binary(values, update, values, new WeightedSum((float)(1 - learningRate * weightDecay), (float)-rate));
        values.Device.Arena.Recycle(update);
    }
}

/// <summary>Muon's hyperparameters that do not change from step to step.</summary>
/// <param name="Momentum">μ.</param>
/// <param name="Nesterov">Whether the step looks ahead along the momentum.</param>
public sealed record MuonRule(double Momentum = 0.95, bool Nesterov = true)
{
    /// <summary>How the update is orthogonalised.</summary>
    public NewtonSchulzRule Orthogonalization { get; init; } = NewtonSchulzRule.Jordan;
}
