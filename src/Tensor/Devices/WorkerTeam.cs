namespace TinyLM;

/// <summary>
/// The calling thread and its dedicated workers, forked and joined for one job at a time. A job has as many shares as the team has members. Each member takes its own
/// share, and then those that nobody has begun: so nobody waits for a worker that still sleeps, or that has no processor because another process has it. What a share
/// computes does not depend on who takes it.
/// </summary>
internal sealed partial class WorkerTeam : IDisposable
{
    private readonly WorkerPlaces? _places;

    /// <summary>Of each share, the last phase in which somebody took it. Phases are counted from the team's first on.</summary>
    private readonly Padded<long>[] _taken;

    /// <summary>The phase whose shares may be taken.</summary>
    private Padded<long> _phase;

    /// <summary>Shares that were done, in all phases together.</summary>
    private Padded<long> _done;
    private long _firstPhase;
    private long _lastPhase;
    private Action<int, int>? _job;
    private Exception? _failure;
    private volatile bool _stopping;

    public WorkerTeam(int count)
    {
        Count = count;
        _taken = new Padded<long>[count];
        _asleep = new Padded<int>[count];
        _wakeUps = [.. Enumerable.Range(0, count).Select(_ => new SemaphoreSlim(0))];
        _places = count > 1 && count <= Processors.Allowed.Length ? new WorkerPlaces(count) : null;
        for (int worker = 1; worker < count; worker++)
        {
            int id = worker;
            new Thread(() => Work(id)) { IsBackground = true, Name = $"TinyLM worker {id}" }.Start();
        }
    }

    public int Count { get; }

    /// <summary>Runs all shares of <paramref name="job"/>, and returns when they are done.</summary>
    public void Run<TJob>(TJob job)
        where TJob : struct, IWorkerJob => RunPhases(new OnePhase<TJob>(job));

    /// <summary>As <see cref="Run"/>, phase by phase.</summary>
    public void RunPhases<TJob>(TJob job)
        where TJob : struct, IPhasedJob
    {
        if (Count == 1)
        {
            for (int phase = 0; phase < job.Phases; phase++)
            {
                job.Run(0, phase);
            }

            return;
        }

        JobHolder<TJob> holder = JobHolder<TJob>.Instance ??= new JobHolder<TJob>();
        holder.Job = job;
        Fork(holder.Invoke, job.Phases);
        holder.Job = default;
    }

    public void Dispose()
    {
        _stopping = true;
        for (int worker = 1; worker < Count; worker++)
        {
            Wake(worker);
        }
    }

    private void Fork(Action<int, int> job, int phases)
    {
        _places?.See(0);
        _job = job;
        _firstPhase = _lastPhase + 1;
        _lastPhase += phases;
        Open(_firstPhase, opener: 0);
        for (long phase = _firstPhase; phase <= _lastPhase; phase++)
        {
            TakeShares(0, phase);
            WaitFor(ref _done.Value, phase * Count, member: 0);
        }

        if (_failure is { } failure)
        {
            _failure = null;
            throw new InvalidOperationException($"A kernel failed: {failure.Message}", failure);
        }
    }

    private void Work(int worker)
    {
        long phase = 0;
        while (true)
        {
            WaitFor(ref _phase.Value, phase + 1, worker);
            if (_stopping)
            {
                return;
            }

            _places?.Spread(worker);
            phase = Volatile.Read(ref _phase.Value);
            TakeShares(worker, phase);
        }
    }

    /// <summary>Whoever opens a phase wakes those that sleep.</summary>
    private void Open(long phase, int opener)
    {
        Interlocked.Exchange(ref _phase.Value, phase);
        for (int worker = 1; worker < Count; worker++)
        {
            if (worker != opener)
            {
                Wake(worker);
            }
        }
    }

    /// <summary>A phase that is long over has no share left, so a member that comes late takes none.</summary>
    private void TakeShares(int member, long phase)
    {
        for (int i = 0; i < Count; i++)
        {
            int share = member + i < Count ? member + i : member + i - Count;
            ref long taken = ref _taken[share].Value;
            if (Volatile.Read(ref taken) == phase - 1 && Interlocked.CompareExchange(ref taken, phase, phase - 1) == phase - 1)
            {
                bool isLastPhase = phase == _lastPhase;
                RunShare(share, (int)(phase - _firstPhase));
                if (Interlocked.Increment(ref _done.Value) == phase * Count)
                {
                    if (!isLastPhase)
                    {
                        Open(phase + 1, member);
                    }

                    Wake(0);
                }
            }
        }
    }

    /// <summary>An exception must not leave the team half joined; the caller rethrows it after the join.</summary>
    private void RunShare(int share, int phase)
    {
        try
        {
            _job!(share, phase);
        }
#pragma warning disable CA1031 // Rethrown by Fork.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
        }
    }

    private readonly struct OnePhase<TJob>(TJob job) : IPhasedJob
        where TJob : struct, IWorkerJob
    {
        public int Phases => 1;

        public void Run(int worker, int phase) => job.Run(worker);
    }

    /// <summary>Keeps one delegate a job type and thread, so that a fork allocates nothing.</summary>
    private sealed class JobHolder<TJob>
        where TJob : struct, IPhasedJob
    {
        [ThreadStatic]
        private static JobHolder<TJob>? _instance;

        public JobHolder()
        {
            Invoke = (worker, phase) => Job.Run(worker, phase);
        }

        public static ref JobHolder<TJob>? Instance => ref _instance;

        public TJob Job { get; set; }

        public Action<int, int> Invoke { get; }
    }
}
