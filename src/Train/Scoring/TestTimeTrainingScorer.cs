namespace TinyLM;

/// <summary>
/// As <see cref="StridedScorer"/>, by a model that learns as it reads: each document has a fresh low-rank adapter and fresh moments; chunk after chunk is scored, and
/// only then learned from. The loss of a chunk is the mean over its targets; many documents are read at once, and theirs are summed up, so that none depends on its
/// neighbours. (parameter-golf's "LoRA TTT", 2026; Sun et al., "Test-time training", 2020.)
/// </summary>
public sealed class TestTimeTrainingScorer : IScorer
{
    private readonly Gpt _model;
    private readonly TestTimeTrainingConfig _config;

    /// <param name="model">Its weights are not touched.</param>
    /// <param name="config">How it reads and learns.</param>
    /// <param name="scoreEnd">Whether the end of each document is a target.</param>
    /// <exception cref="UserException">The config makes no sense.</exception>
    public TestTimeTrainingScorer(Gpt model, TestTimeTrainingConfig config, bool scoreEnd = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(config);
        config.Validate(model.Config);
        (_model, _config, ScoreEnd) = (model, config, scoreEnd);
    }

    public string Name => $"ttt {_config.Window}/{_config.Chunk}{(_config.Stride > 0 ? $"/{_config.Stride}" : "")}{(_config.IsStreaming ? " streaming" : "")}";

    public bool ScoreEnd { get; }

    /// <exception cref="UserException">Not even one document fits in the memory budget.</exception>
    public float[] Score(TokenizedDocuments documents, IProgress<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(documents);
        int[] firstTargets = TailStream.FirstTargets(documents, ScoreEnd);
        var job = new Job(documents, firstTargets, new float[firstTargets[^1]], progress);

        // Long ones first: in any group those that still have something to read come before those that have not.
        int[] order = [.. Enumerable.Range(0, documents.Count).Where(document => job.TargetsOf(document) > 0).OrderByDescending(job.TargetsOf)];
        if (order.Length == 0)
        {
            return job.Nats;
        }

        var memory = TestTimeTrainingMemory.Measure(_model, _config);
        var groups = new List<int[]>();
        for (int first = 0; first < order.Length; first += groups[^1].Length)
        {
            groups.Add(order[first..(first + memory.DocumentsTogether(_config.MemoryBudget, order.Skip(first).Select(job.TargetsOf)))]);
        }

        int capacity = groups.Max(group => group.Length), longest = job.TargetsOf(order[0]);
        _model.Device.Arena.Reserve(groups.Max(group => memory.PassBytesOf(group.Select(job.TargetsOf))));
        using var adapters = new LoraAdapters(_model, _config.Lora, capacity + TailStream.MostPadding, _config.Seed);
        using var optimizer = new LoraOptimizer(_model.Device, adapters, _config);
        using KeyValueRing? stream = _config.IsStreaming ? new KeyValueRing(_model, capacity + TailStream.MostPadding, Math.Min(_config.Window, longest), LongestStream(longest)) : null;
        foreach (int[] group in groups)
        {
            ScoreGroup(job, group, adapters, optimizer, stream);
        }

        return job.Nats;
    }

    private void ScoreGroup(Job job, int[] group, LoraAdapters adapters, LoraOptimizer optimizer, KeyValueRing? stream)
    {
        using (_model.Device.BeginTape(gradients: false))
        {
            adapters.Reset();
            optimizer.Reset();
        }

        int active = group.Length;
        for (int chunk = 0; active > 0; chunk++)
        {
            // Nobody learns from a document's last chunk.
            int from = chunk * _config.Chunk, end = from + _config.Chunk, continuing = group.Count(document => job.TargetsOf(document) > end);
            bool learns = _config.StepLimit == 0 || chunk < _config.StepLimit;
            if (continuing < active)
            {
                Read(job, group, continuing, active, chunk, adapters, optimizer: null, stream);
            }

            if (continuing > 0)
            {
                Read(job, group, 0, continuing, chunk, adapters, learns ? optimizer : null, stream);
            }

            active = continuing;
        }
    }

    /// <summary>Scores one chunk of some documents of a group, and then learns from it.</summary>
    private void Read(Job job, int[] group, int first, int last, int chunk, LoraAdapters adapters, LoraOptimizer? optimizer, KeyValueRing? stream)
    {
        int from = chunk * _config.Chunk, end = from + _config.Chunk;
        bool isScored = false;
        if (_config.Stride > 0 && end > _config.Window)
        {
            isScored = true;
            for (int next = from; next < end; next += _config.Stride)
            {
                int reaching = first + group[first..last].Count(document => job.TargetsOf(document) > next);
                if (reaching > first)
                {
                    Pass(next, Math.Min(next + _config.Stride, end), reaching, learner: null, isScored: false);
                }
            }
        }

        if (!isScored || optimizer is not null)
        {
            Pass(from, end, last, optimizer, isScored);
        }

        void Pass(int from, int end, int last, LoraOptimizer? learner, bool isScored)
        {
            bool streams = stream is not null && end <= LongestStream(int.MaxValue);
            DocumentPiece[] pieces = [.. group[first..last].Select(document => Piece(document, from, Math.Min(end, job.TargetsOf(document)), streams))];
            var tails = new TailStream(job.Documents, pieces, ScoreEnd);
            using Tape tape = _model.Device.BeginTape(gradients: learner is not null, trainsParameters: false);
            LoraPass pass = adapters.Bind(tape, first, tails.Offsets.DocumentCount);
            KeyValueRingPass? past = streams ? stream!.Bind(tape, first, tails.Offsets, from, keeps: first == 0) : null;
            Variable losses = _model.TailLosses(tape, tails.Ids, tails.Targets, tails.Offsets, tails.Tails, pass, past);

            // Score, and only then step.
            if (!isScored)
            {
                job.Store(tails, losses.Value.ToArray());
            }

            if (learner is not null)
            {
                tape.Backward(losses, MeanOfEach(tape, pieces, tails));
                learner.Step(pass, chunk + 1);
            }
        }
    }

    private DocumentPiece Piece(int document, int from, int end, bool streams)
    {
        int start = streams ? from : Math.Max(0, end - _config.Window);
        return new DocumentPiece(document, start, end - start, end - from);
    }

    /// <summary>As many targets of a document as can be read in pieces: learned positions end.</summary>
    private int LongestStream(int targets) => _model.Config.Positions == PositionKind.Learned ? Math.Min(targets, _model.Config.ContextLength) : targets;

    /// <summary>[tail tokens, 1]: the gradient of the sum of the documents' mean losses.</summary>
    private static Tensor MeanOfEach(Tape tape, DocumentPiece[] pieces, TailStream stream)
    {
        var weights = new float[stream.Tails.TokenCount];
        for (int i = 0; i < pieces.Length; i++)
        {
            weights.AsSpan(stream.Tails.Starts[i], pieces[i].Scored).Fill(1f / pieces[i].Scored);
        }

        Tensor gradient = tape.Allocate(weights.Length, 1);
        gradient.CopyFrom(weights);
        return gradient;
    }

    /// <summary>What is scored, and the scores so far.</summary>
    private sealed class Job(TokenizedDocuments documents, int[] firstTargets, float[] nats, IProgress<int>? progress)
    {
        private int _scored;

        public TokenizedDocuments Documents => documents;

        public float[] Nats => nats;

        public int TargetsOf(int document) => firstTargets[document + 1] - firstTargets[document];

        public void Store(TailStream stream, float[] losses)
        {
            stream.Store(losses, nats, firstTargets);
            progress?.Report(_scored += stream.ScoredCount);
        }
    }
}
