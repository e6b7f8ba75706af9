using System.Diagnostics;

namespace TinyLM;

/// <summary>Trains a <see cref="Gpt"/> on shuffled documents, a step at a time: forward, mean cross-entropy, backward, clip, AdamW.</summary>
public sealed class Trainer
{
    /// <summary>Steps after which a run by time knows its own length. They lie in the warm-up, whose rates do not depend on it.</summary>
    public const int CalibrationSteps = 40;

    /// <summary>The first steps run cold; the rate is measured after them.</summary>
    private const int ColdSteps = 15;
    private const double RateMemory = 0.9;

    private readonly DocumentShuffler _shuffler;
    private readonly TokenBatch _batch = new();
    private readonly TrainingStep _computation;
    private readonly string _fingerprint;
    private long _step, _totalSteps, _tokens;
    private double _seconds, _coldSeconds, _tokensPerSecond;

    /// <param name="model">What is trained.</param>
    /// <param name="documents">What it is trained on.</param>
    /// <param name="config">How.</param>
    public Trainer(Gpt model, TokenizedDocuments documents, TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        (Model, Config, _totalSteps) = (model, config, config.Steps);
        Optimizer = new AdamWOptimizer(model.Parameters, config.Rule);
        _computation = new TrainingStep(model, Optimizer, config);
        model.Device.Arena.Reserve(MemoryEstimate.OfTraining(model.Device, model.Config, config, model.RecomputesBlocks).StepBytes);
        _shuffler = new DocumentShuffler(documents, config.CreateLayout(model.Config.ContextLength), config.Seed, config.Shuffle);
        _fingerprint = documents.Fingerprint();
    }

    public Gpt Model { get; }

    public TrainingConfig Config { get; }

    public AdamWOptimizer Optimizer { get; }

    /// <summary>Sees every op of the steps: <see cref="AnomalyDetector"/>, a profile; null: nobody does.</summary>
    public ITapeObserver? Observer { get; set; }

    public bool IsFinished => _totalSteps > 0 && _step >= _totalSteps;

    /// <summary>What to save; setting it goes on from there (weights and moments are set apart).</summary>
    /// <exception cref="UserException">The state belongs to other data.</exception>
    public TrainerState State
    {
        get => new(_step, _totalSteps, _tokens, _seconds, _shuffler.Position.Epoch, _shuffler.Position.Step, _fingerprint);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.DataFingerprint != _fingerprint)
            {
                throw new UserException("resume: the corpus is not the one that this run began with; go on with the same corpus, or begin a new run.");
            }

            (_step, _totalSteps, _tokens, _seconds) = (value.Step, value.TotalSteps, value.Tokens, value.Seconds);
            _shuffler.Position = new DataPosition(value.Epoch, value.EpochStep);
            Optimizer.StepCount = value.Step;
        }
    }

    /// <summary>Takes one step.</summary>
    /// <exception cref="UserException">The loss is not a number: the run has diverged; or an <see cref="AnomalyException"/> of the <see cref="Observer"/>.</exception>
    public StepMetrics Step()
    {
        long start = Stopwatch.GetTimestamp();
        _shuffler.Next(_batch);
        double learningRate = Config.LearningRateAt(_step, _totalSteps);
        (double loss, double norm) = _computation.Run(_batch, _step + 1, learningRate, Observer);
        _step++;
        _tokens += _batch.TokenCount;
        Measure(Stopwatch.GetElapsedTime(start).TotalSeconds, _batch.TokenCount);
        return new StepMetrics(_step, _totalSteps, loss, learningRate, norm, _tokens, _seconds, _tokensPerSecond, _shuffler.Position.Epoch);
    }

    /// <summary>The mean cross-entropy over the batch's targets, [1, 1].</summary>
    public static Variable Loss(Tape tape, Gpt model, TokenBatch batch, float zLoss = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batch);
        return model.LossSum(tape, batch.Ids, batch.Targets, batch.Offsets, 1f / Math.Max(1, batch.TargetCount), zLoss);
    }

    private void Measure(double seconds, int tokens)
    {
        _seconds += seconds;
        double rate = tokens / seconds;
        _tokensPerSecond = _tokensPerSecond == 0 ? rate : RateMemory * _tokensPerSecond + (1 - RateMemory) * rate;
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
}
