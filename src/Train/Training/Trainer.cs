using System.Diagnostics;

namespace TinyLM;

/// <summary>Trains a <see cref="Gpt"/> on shuffled documents, a step at a time: forward, mean cross-entropy, backward, clip, optimiser.</summary>
public sealed class Trainer
{
    /// <summary>Steps after which a run by time knows its own length. They lie in the warm-up, whose rates do not depend on it.</summary>
    public const int CalibrationSteps = 40;

    /// <summary>The first steps run cold; the rate is measured after them.</summary>
    private const int ColdSteps = 15;
    private const double RateMemory = 0.9;

    private readonly TokenizedDocuments _documents;
    private readonly TokenBatch _batch = new();
    private readonly TrainingStep _computation;
    private readonly string _fingerprint;
    private DocumentShuffler _shuffler;
    private StepSize _size;
    private long _step, _totalSteps, _tokens;
    private double _seconds, _coldSeconds, _tokensPerSecond, _flopsPerSecond;

    /// <param name="model">What is trained.</param>
    /// <param name="documents">What it is trained on.</param>
    /// <param name="config">How.</param>
    public Trainer(Gpt model, TokenizedDocuments documents, TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(config);
        config.Validate(model.Config.ContextLength);
        (Model, Config, _documents, _totalSteps) = (model, config, documents, config.Steps);
        _computation = new TrainingStep(model, config);
        model.Device.Arena.Reserve(MemoryEstimate.OfTraining(model.Device, model.Config, config, model.RecomputesBlocks).StepBytes);
        _size = config.SizeAt(0, _totalSteps, model.Config.ContextLength);
        _shuffler = Shuffler(_size);
        _fingerprint = documents.Fingerprint();
    }

    public Gpt Model { get; }

    public TrainingConfig Config { get; }

    public IOptimizer Optimizer => _computation.Optimizer;

    /// <summary>The averages of the weights that the recipe asks for.</summary>
    public IReadOnlyList<WeightAverage> Averages => _computation.Averages;

    /// <summary>Those of <see cref="Averages"/> that any weights have gone into.</summary>
    public IEnumerable<WeightAverage> FilledAverages => Averages.Where(average => average.HasValues(_step, _totalSteps));

    /// <summary>Sees every op of the steps: <see cref="AnomalyDetector"/>, a profile; null: nobody does.</summary>
    public ITapeObserver? Observer { get; set; }

    /// <summary>Splits the time of training by phase; whoever validates or saves between two steps marks it.</summary>
    public PhaseClock Clock => _computation.Clock;

    /// <summary>The most that a step so far has held of the arena.</summary>
    public long StepBytes => _computation.HeldBytes;

    public bool IsFinished => _totalSteps > 0 && _step >= _totalSteps;

    /// <summary>What to save; setting it goes on from there (weights, averages and the optimiser's state are set apart).</summary>
    /// <exception cref="UserException">The state belongs to other data, or to another recipe.</exception>
    public TrainerState State
    {
        get => new(_step, _totalSteps, _tokens, _seconds, _shuffler.Position.Epoch, _shuffler.Position.Step, _size, _fingerprint);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.DataFingerprint != _fingerprint)
            {
                throw new UserException("resume: the corpus is not the one that this run began with; go on with the same corpus, or begin a new run.");
            }

            if (!Config.AllSizes(Model.Config.ContextLength).Contains(value.Size))
            {
                throw new UserException($"resume: the run's last step had {value.Size.Tokens} tokens, cut at {value.Size.SequenceLength}, which its recipe never asks for; use another checkpoint.");
            }

            (_step, _totalSteps, _tokens, _seconds) = (value.Step, value.TotalSteps, value.Tokens, value.Seconds);
            _size = value.Size;
            _shuffler = Shuffler(_size);
            _shuffler.Position = new DataPosition(value.Epoch, value.EpochStep);
            Optimizer.StepCount = value.Step;
        }
    }

    /// <summary>Takes one step.</summary>
    /// <exception cref="DivergedException">The loss or a gradient is not a number; the line names the op where that arose. The weights are as they were.</exception>
    /// <exception cref="AnomalyException">Of the <see cref="Observer"/>.</exception>
    public StepMetrics Step()
    {
        long start = Stopwatch.GetTimestamp();
        Clock.Skip();
        ChangeSize(Config.SizeAt(_step, _totalSteps, Model.Config.ContextLength));
        _shuffler.Next(_batch);
        Clock.Mark(TrainingPhase.Data);
        double learningRate = Config.LearningRateAt(_step, _totalSteps), weightDecay = Config.WeightDecayAt(_step, _totalSteps), loss, norm;
        try
        {
            (loss, norm) = _computation.Run(_batch, _step + 1, learningRate, weightDecay, Observer);
        }
        catch (DivergedException fault)
        {
            throw Explain(fault, learningRate, weightDecay);
        }

        _step++;
        _tokens += _batch.TokenCount;
        for (int i = 0; i < Averages.Count; i++)
        {
            Averages[i].Update(_step, _totalSteps);
        }

        Clock.Mark(TrainingPhase.Optimizer);
        Measure(Stopwatch.GetElapsedTime(start).TotalSeconds, _batch.TokenCount);
        return new StepMetrics(_step, _totalSteps, loss, learningRate, norm, _tokens, _seconds, _tokensPerSecond, _shuffler.Position.Epoch)
        {
            FlopsPerSecond = _flopsPerSecond,
            Phases = Clock.Take(),
        };
    }

    /// <summary>The mean cross-entropy over the batch's targets, [1, 1].</summary>
    public static Variable Loss(Tape tape, Gpt model, TokenBatch batch, float zLoss = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batch);
        return model.LossSum(tape, batch.Ids, batch.Targets, batch.Offsets, 1f / Math.Max(1, batch.TargetCount), zLoss);
    }

    /// <summary>Takes the step that diverged once more under an <see cref="AnomalyDetector"/>: it computes the same bits, and is watched.</summary>
    private DivergedException Explain(DivergedException fault, double learningRate, double weightDecay)
    {
        try
        {
            _computation.Run(_batch, _step + 1, learningRate, weightDecay, new AnomalyDetector());
            return fault;
        }
        catch (AnomalyException anomaly)
        {
            return new DivergedException($"{fault.Message} ({anomaly.Message})", fault.Step, anomaly);
        }
        catch (DivergedException)
        {
            // Every value is finite, and their sum is not.
            return fault;
        }
    }

    private DocumentShuffler Shuffler(StepSize size) => new(_documents, Config.CreateLayout(size), Config.Seed, Config.Shuffle);

    /// <summary>Steps of another size go on at the same share of the epoch; where only their number of tokens has changed, with the same order.</summary>
    private void ChangeSize(StepSize size)
    {
        if (size == _size)
        {
            return;
        }

        DataPosition position = _shuffler.Position;
        long steps = _shuffler.StepsIn(position.Epoch);
        (_size, _shuffler) = (size, Shuffler(size));
        long step = (position.Step * (long)_shuffler.StepsIn(position.Epoch) + steps - 1) / steps;
        _shuffler.Position = position with { Step = (int)step };
    }

    private void Measure(double seconds, int tokens)
    {
        _seconds += seconds;
        _tokensPerSecond = Smooth(_tokensPerSecond, tokens / seconds);
        _flopsPerSecond = Smooth(_flopsPerSecond, _computation.Flops / seconds);
        if (_step == ColdSteps)
        {
            _coldSeconds = _seconds;
        }

        if (_totalSteps == 0 && _step >= CalibrationSteps)
        {
            double secondsPerStep = _coldSeconds > 0 ? (_seconds - _coldSeconds) / (_step - ColdSteps) : _seconds / _step;
            double left = Math.Max(0, Config.Minutes * 60 - _seconds);
            _totalSteps = _step + Math.Max(1, (long)(left / secondsPerStep));
        }
    }

    private static double Smooth(double rate, double latest) => rate == 0 ? latest : RateMemory * rate + (1 - RateMemory) * latest;
}
