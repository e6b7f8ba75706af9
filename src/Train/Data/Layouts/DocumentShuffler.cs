namespace TinyLM;

/// <summary>
/// Deals training batches without end. Every epoch permutes the documents, concatenates them, cuts the rows anew and permutes the rows;
/// tail tokens and rows that fill no step are dropped, different ones each epoch. One text without documents is cut at a new random offset
/// each epoch instead. With <see cref="ShuffleKind.FixedRows"/> only the order of the rows differs.
/// The order is a function of (seed, epoch) alone, so a run that is put back at its <see cref="Position"/> sees the very same batches, on
/// any machine.
/// </summary>
public sealed class DocumentShuffler
{
    private readonly TokenizedDocuments _documents;
    private readonly ulong _seed;
    private readonly ShuffleKind _shuffle;
    private EpochPlan _plan;
    private long _plannedEpoch;

    /// <exception cref="UserException">No document has two tokens, so there is nothing to predict.</exception>
    public DocumentShuffler(TokenizedDocuments documents, BatchLayout layout, ulong seed, ShuffleKind shuffle = ShuffleKind.Documents)
    {
        (_documents, Layout, _seed, _shuffle) = (documents, layout, seed, shuffle);
        _plan = EpochPlan.Shuffled(documents, layout, shuffle, seed, 0);
        if (_plan.StepCount == 0)
        {
            throw new UserException("The corpus has no document of two tokens, so there is nothing to predict; expected longer documents.");
        }
    }

    public BatchLayout Layout { get; }

    /// <summary>
    /// Where the next batch comes from. Set it to go on where another shuffler of the same data, layout and seed stopped.
    /// </summary>
    public DataPosition Position
    {
        get;
        set => field = value.Epoch >= 0 && value.Step >= 0 && value.Step <= StepsIn(value.Epoch)
            ? value
            : throw new UserException(
                $"Data position: epoch {value.Epoch}, step {value.Step}, but that epoch has no such step; the data, the layout or the "
                + "seed is another.");
    }

    /// <summary>How many batches an epoch has; at least 1. It may vary from epoch to epoch.</summary>
    public int StepsIn(long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        return PlanOf(epoch).StepCount;
    }

    /// <summary>The next batch; it has at least one target. After an epoch's last the next epoch begins.</summary>
    public TokenBatch Next()
    {
        var batch = new TokenBatch();
        Next(batch);
        return batch;
    }

    /// <summary>As <see cref="Next()"/>, into a batch that no running step uses any more: once it has been as large, nothing is allocated.</summary>
    public void Next(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        DataPosition position = Position;
        if (position.Step == StepsIn(position.Epoch))
        {
            position = new DataPosition(position.Epoch + 1, 0);
        }

        PlanOf(position.Epoch).Fill(position.Step, batch);
        Position = position with { Step = position.Step + 1 };
    }

    /// <summary>The batch at a position, whatever was dealt before.</summary>
    public TokenBatch BatchAt(DataPosition position)
    {
        int steps = StepsIn(position.Epoch);
        if (position.Step < 0 || position.Step >= steps)
        {
            throw new ArgumentOutOfRangeException(nameof(position), $"BatchAt: step {position.Step} of epoch {position.Epoch}, which has {steps} steps.");
        }

        var batch = new TokenBatch();
        PlanOf(position.Epoch).Fill(position.Step, batch);
        return batch;
    }

    private EpochPlan PlanOf(long epoch)
    {
        if (epoch != _plannedEpoch)
        {
            (_plan, _plannedEpoch) = (EpochPlan.Shuffled(_documents, Layout, _shuffle, _seed, epoch), epoch);
        }

        return _plan;
    }
}
