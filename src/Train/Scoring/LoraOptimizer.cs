namespace TinyLM;

/// <summary>AdamW over the adapters of many documents that learn in step; each has its own moments.</summary>
internal sealed class LoraOptimizer : IDisposable
{
    private readonly TestTimeTrainingConfig _config;
    private readonly AdamWRule _rule;
    private readonly TensorRegion _region;
    private readonly Dictionary<LoraMatrix, (Moments A, Moments B)> _moments = [];

    public LoraOptimizer(Device device, LoraAdapters adapters, TestTimeTrainingConfig config)
    {
        (_config, _rule, _region) = (config, new AdamWRule(config.Beta1, config.Beta2, config.Epsilon), new TensorRegion(device));
        foreach (LoraMatrix matrix in adapters.Matrices)
        {
            _moments.Add(matrix, (Of(matrix.A), Of(matrix.B)));
        }

        Moments Of(Tensor values) => new(_region.Allocate(values.Rows, values.Columns), _region.Allocate(values.Rows, values.Columns));
    }

    /// <summary>Forgets all that was learned.</summary>
    public void Reset()
    {
        foreach (var (a, b) in _moments.Values)
        {
            a.Clear();
            b.Clear();
        }
    }

    /// <summary>One step of the first documents, from the gradients of a pass over them.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="step">From 1.</param>
    public void Step(LoraPass pass, int step)
    {
        foreach (var (matrix, (a, b)) in pass.Factors)
        {
            double rate = _config.LearningRate * _config.Rates.Of(matrix.Target);
            Update(a, _moments[matrix].A, step, rate);
            Update(b, _moments[matrix].B, step, rate);
        }
    }

    public void Dispose() => _region.Dispose();

    private void Update(Variable values, Moments moments, int step, double rate) => AdamW.Step(
        values.Value, values.Gradient, moments.First.RowRange(0, values.Rows), moments.Second.RowRange(0, values.Rows), _rule, step, rate, _config.WeightDecay, gradientScale: 1);

    private readonly record struct Moments(Tensor First, Tensor Second)
    {
        public void Clear()
        {
            Elementwise.Fill(First, 0);
            Elementwise.Fill(Second, 0);
        }
    }
}
