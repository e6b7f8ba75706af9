namespace TinyLM.Leaks;

/// <summary>
/// A small scorer that learns as it reads, one document at a time and in plain loops, with one leak or none: it shows which probe of an audit catches what. In place
/// of an adapter it trains a copy of all weights, by SGD with momentum.
/// </summary>
public sealed class LeakyScorer : IScorer
{
    private const float Rate = 0.01f, Decay = 0.9f, ClipNorm = 0.5f, CacheShare = 0.3f;
    private const int Passes = 3, BatchSize = 8;

    private readonly Gpt _model;
    private readonly int _window, _chunk;
    private readonly Leak _leak;

    /// <param name="model">Its weights are put back after each scoring, unless the leak is that they are not.</param>
    /// <param name="window">Tokens that a target sees at most.</param>
    /// <param name="chunk">Targets that are scored, and then trained on, together.</param>
    /// <param name="leak">What is wrong with it.</param>
    public LeakyScorer(Gpt model, int window, int chunk, Leak leak)
    {
        (_model, _window, _chunk, _leak) = (model, window, chunk, leak);
    }

    public string Name => _leak == Leak.None ? "honest" : $"{_leak}";

    public bool ScoreEnd => false;

    public float[] Score(TokenizedDocuments documents, IProgress<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(documents);
        float[] fresh = _model.Parameters.Values.ToArray();
        var last = new State { Weights = fresh, Momentum = new float[fresh.Length] };
        var nats = new List<float>();
        int batchSize = _leak is Leak.MeanOverBatch or Leak.ClipsOverBatch ? BatchSize : 1;
        for (int first = 0; first < documents.Count; first += batchSize)
        {
            State[] batch = [.. Enumerable.Range(first, Math.Min(batchSize, documents.Count - first)).Select(document => new State
            {
                Ids = documents.ToArray(document),
                Before = _leak == Leak.SeesDocumentBefore && document > 0 ? documents.ToArray(document - 1) : [],
                Weights = _leak is Leak.KeepsAdapter or Leak.TrainsBaseWeights ? last.Weights : fresh,
                Momentum = _leak == Leak.KeepsMomentum ? last.Momentum : new float[fresh.Length],
            })];
            foreach (List<float> scores in ScoreBatch(batch))
            {
                nats.AddRange(scores);
            }

            last = batch[^1];
        }

        _model.Parameters.Values.CopyFrom(_leak == Leak.TrainsBaseWeights ? last.Weights : fresh);
        return [.. nats];
    }

    private List<float>[] ScoreBatch(State[] batch)
    {
        List<float>[] counted = Read(batch);
        for (int pass = 1; pass < Passes && _leak is Leak.SeveralPasses or Leak.BestOfPasses; pass++)
        {
            List<float>[] again = Read(batch);
            counted = _leak == Leak.SeveralPasses ? again : [.. counted.Zip(again, (a, b) => a.Sum() <= b.Sum() ? a : b)];
        }

        return counted;
    }

    /// <summary>One pass: each chunk of each document is scored, and then trained on unless it is the last.</summary>
    private List<float>[] Read(State[] batch)
    {
        List<float>[] nats = [.. batch.Select(_ => new List<float>())];
        int chunks = batch.Max(state => (state.Targets + _chunk - 1) / _chunk);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            if (_leak == Leak.TrainsBeforeScoring)
            {
                Train(batch, chunk);
            }

            for (int i = 0; i < batch.Length; i++)
            {
                nats[i].AddRange(ScoreChunk(batch[i], chunk));
            }

            if (_leak != Leak.TrainsBeforeScoring)
            {
                Train([.. batch.Where(state => (chunk + 1) * _chunk < state.Targets || _leak is Leak.TrainsBaseWeights or Leak.SeveralPasses or Leak.BestOfPasses)], chunk);
            }
        }

        return nats;
    }

    private float[] ScoreChunk(State state, int chunk)
    {
        if (!FindChunk(state, chunk, out int start, out int first, out int end))
        {
            return [];
        }

        _model.Parameters.Values.CopyFrom(state.Weights);
        int late = _leak == Leak.SeesTarget ? 1 : 0;
        int[] ahead = state.Before[^Math.Min(state.Before.Length, _model.Config.ContextLength - (end - start))..];
        int[] input = [.. ahead, .. state.Ids[(start + late)..(end + late)]], targets = [.. new int[ahead.Length], .. state.Ids[(start + 1)..(end + 1)]];
        using Tape tape = _model.Device.BeginTape(gradients: false);
        float[] losses = _model.Losses(tape, input, targets, DocumentOffsets.OneDocument(input.Length)).Value.ToArray()[(ahead.Length + first - start)..];
        if (_leak == Leak.MixesAtTarget)
        {
            for (int i = 0; i < losses.Length; i++)
            {
                bool isCached = state.Ids.AsSpan(1, first + i).Contains(state.Ids[first + i + 1]);
                double probability = Math.Exp(-losses[i]);
                losses[i] = isCached ? (float)-Math.Log(probability + CacheShare * (1 - probability)) : losses[i];
            }
        }

        return losses;
    }

    /// <summary>One step of each document on its own weights, with the mean loss of the chunk's targets.</summary>
    private void Train(State[] batch, int chunk)
    {
        var gradients = new float[batch.Length][];
        int[] counts = new int[batch.Length];
        for (int i = 0; i < batch.Length; i++)
        {
            gradients[i] = GradientOf(batch[i], chunk, out counts[i]);
        }

        double norm = Math.Sqrt(gradients.Sum(gradient => gradient.Sum(value => (double)value * value)));
        for (int i = 0; i < batch.Length; i++)
        {
            float scale = _leak switch
            {
                Leak.MeanOverBatch => (float)counts[i] / Math.Max(1, counts.Sum()),
                Leak.ClipsOverBatch => (float)Math.Min(1, ClipNorm / norm),
                _ => 1,
            };
            batch[i].Step(gradients[i], scale);
        }
    }

    private float[] GradientOf(State state, int chunk, out int count)
    {
        count = 0;
        if (!FindChunk(state, chunk, out int start, out int first, out int end))
        {
            return new float[state.Weights.Length];
        }

        count = end - first;
        int[] targets = state.Ids[(start + 1)..(end + 1)];
        targets.AsSpan(0, first - start).Fill(TargetBuilder.None);
        _model.Parameters.Values.CopyFrom(state.Weights);
        _model.Parameters.ClearGradients();
        using Tape tape = _model.Device.BeginTape();
        tape.Backward(_model.LossSum(tape, state.Ids.AsSpan(start, end - start), targets, DocumentOffsets.OneDocument(end - start), 1f / count));
        _model.Parameters.CompleteGradients();
        return _model.Parameters.Gradients.ToArray();
    }

    /// <summary>The window of a chunk: tokens from start up to end are seen, and the targets behind those from first on are scored.</summary>
    private bool FindChunk(State state, int chunk, out int start, out int first, out int end)
    {
        first = chunk * _chunk;
        end = Math.Min(first + _chunk, state.Targets);
        start = Math.Max(0, end - _window);
        if (_leak == Leak.OverlapsWindows)
        {
            (start, end) = (Math.Min(first, Math.Max(0, state.Targets - _window)), Math.Min(first + _window, state.Targets));
            first = Math.Max(start, end - _chunk);
        }

        return end > first && chunk * _chunk < state.Targets;
    }

    /// <summary>A document that is read.</summary>
    private sealed class State
    {
        public int[] Ids { get; init; } = [];

        /// <summary>Of the document before, where it is seen.</summary>
        public int[] Before { get; init; } = [];

        public int Targets => Ids.Length - 1;

        public required float[] Weights { get; set; }

        public required float[] Momentum { get; set; }

        public void Step(float[] gradient, float scale)
        {
            // The old ones may be those of other documents as well.
            (Momentum, Weights) = ([.. Momentum], [.. Weights]);
            for (int i = 0; i < gradient.Length; i++)
            {
                Momentum[i] = Decay * Momentum[i] + scale * gradient[i];
                Weights[i] -= Rate * Momentum[i];
            }
        }
    }
}
