namespace TinyLM.Tests;

/// <summary>
/// Test-time training, one document at a time, another way: the adapter is merged into the weights of a second model, W + alpha/rank · B·A, whose gradients G give
/// those of the factors, dA = alpha/rank · Bᵀ·G and dB = alpha/rank · G·Aᵀ; the optimiser is a plain loop in double.
/// </summary>
internal sealed class MergedTestTimeTraining
{
    private readonly TestTimeTrainingConfig _config;
    private readonly Gpt _model;
    private readonly List<Factors> _factors = [];
    private readonly double _scale;

    public MergedTestTimeTraining(Gpt model, Device device, TestTimeTrainingConfig config)
    {
        _config = config;
        _scale = (config.Lora.Alpha ?? config.Lora.Rank) / config.Lora.Rank;
        _model = new Gpt(device, model.Config);
        _model.Parameters.Values.CopyFrom(TinyModels.Weights(model));
        using var adapters = new LoraAdapters(model, config.Lora, 1, config.Seed);
        using (model.Device.BeginTape(gradients: false))
        {
            adapters.Reset();
        }

        int width = model.Config.Width;
        foreach (LoraMatrix matrix in adapters.Matrices)
        {
            int layer = matrix.Target == LoraTargets.Head ? 0 : int.Parse(matrix.Name.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture);
            (string weight, int firstRow) = matrix.Target switch
            {
                LoraTargets.Query => ($"blocks.{layer}.attention.qkv.weight", 0),
                LoraTargets.Value => ($"blocks.{layer}.attention.qkv.weight", 2 * width),
                LoraTargets.Head => ("head.weight", 0),
                _ => throw new NotSupportedException(matrix.Name),
            };
            _factors.Add(new Factors(_model.Parameters[weight].Value.RowRange(firstRow, matrix.B.Rows), _model.Parameters[weight].Gradient.RowRange(firstRow, matrix.B.Rows), matrix));
        }
    }

    public List<float> Score(int[] document)
    {
        _factors.ForEach(factors => factors.Reset());
        var nats = new List<float>();
        int targets = document.Length - 1;
        for (int from = 0, step = 1; from < targets; from += _config.Chunk, step++)
        {
            int end = Math.Min(from + _config.Chunk, targets);
            _factors.ForEach(factors => factors.Merge(_scale));
            int stride = _config.Stride > 0 && from + _config.Chunk > _config.Window ? _config.Stride : _config.Chunk;
            for (int next = from; next < end; next += stride)
            {
                nats.AddRange(Losses(document, next, Math.Min(next + stride, end), learns: false));
            }

            if (end < targets && (_config.StepLimit == 0 || step <= _config.StepLimit))
            {
                Losses(document, from, end, learns: true);
                _factors.ForEach(factors => factors.Step(_config, _scale, step));
            }
        }

        _factors.ForEach(factors => factors.Restore());
        return nats;
    }

    private float[] Losses(int[] document, int from, int end, bool learns)
    {
        int start = Math.Max(0, end - _config.Window);
        int[] ids = document[start..end], targets = [.. Enumerable.Range(start, end - start).Select(token => token < from ? TargetBuilder.None : document[token + 1])];
        _model.Parameters.ClearGradients();
        using Tape tape = _model.Device.BeginTape(gradients: learns);
        Variable losses = _model.Losses(tape, ids, targets, DocumentOffsets.OneDocument(ids.Length));
        if (learns)
        {
            tape.Backward(losses.Sum(1f / (end - from)));
        }

        return losses.Value.ToArray()[(from - start)..];
    }

    private sealed class Factors(Tensor weight, Tensor gradient, LoraMatrix matrix)
    {
        private readonly float[] _base = weight.ToArray();
        private readonly double[] _initialA = [.. matrix.A.ToArray().Select(value => (double)value)];
        private readonly int _rank = matrix.A.Rows, _inputs = matrix.A.Columns, _outputs = matrix.B.Rows;
        private double[] _a = [], _b = [], _firstA = [], _secondA = [], _firstB = [], _secondB = [];

        public void Reset()
        {
            _a = [.. _initialA];
            (_firstA, _secondA) = (new double[_a.Length], new double[_a.Length]);
            (_b, _firstB, _secondB) = (new double[_outputs * _rank], new double[_outputs * _rank], new double[_outputs * _rank]);
        }

        public void Merge(double scale) => weight.CopyFrom([.. Enumerable.Range(0, _base.Length).Select(i =>
            (float)(_base[i] + scale * Enumerable.Range(0, _rank).Sum(r => _b[i / _inputs * _rank + r] * _a[r * _inputs + i % _inputs])))]);

        public void Restore() => weight.CopyFrom(_base);

        public void Step(TestTimeTrainingConfig config, double scale, int step)
        {
            float[] g = gradient.ToArray();
            double[] da = new double[_a.Length], db = new double[_b.Length];
            for (int output = 0; output < _outputs; output++)
            {
                for (int r = 0; r < _rank; r++)
                {
                    for (int input = 0; input < _inputs; input++)
                    {
                        da[r * _inputs + input] += scale * _b[output * _rank + r] * g[output * _inputs + input];
                        db[output * _rank + r] += scale * g[output * _inputs + input] * _a[r * _inputs + input];
                    }
                }
            }

            double rate = config.LearningRate * config.Rates.Of(matrix.Target);
            Update(_a, da, _firstA, _secondA, config, rate, step);
            Update(_b, db, _firstB, _secondB, config, rate, step);
        }

        private static void Update(double[] values, double[] gradients, double[] first, double[] second, TestTimeTrainingConfig config, double rate, int step)
        {
            for (int i = 0; i < values.Length; i++)
            {
                first[i] = config.Beta1 * first[i] + (1 - config.Beta1) * gradients[i];
                second[i] = config.Beta2 * second[i] + (1 - config.Beta2) * gradients[i] * gradients[i];
                double m = first[i] / (1 - Math.Pow(config.Beta1, step)), v = second[i] / (1 - Math.Pow(config.Beta2, step));
                values[i] = (1 - rate * config.WeightDecay) * values[i] - rate * m / (Math.Sqrt(v) + config.Epsilon);
            }
        }
    }
}
