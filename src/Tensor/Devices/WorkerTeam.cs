using System.Diagnostics;

namespace TinyLM;

/// <summary>A job that every member of a <see cref="WorkerTeam"/> runs; a struct, so that a call allocates nothing.</summary>
internal interface IWorkerJob
{
    void Run(int worker);
}

/// <summary>
/// The calling thread and its dedicated workers, forked and joined for one job at a time. Workers spin for a moment after a job,
/// since a training step forks some hundred times, and then sleep. <see cref="Barrier"/> joins them inside a job.
/// </summary>
internal sealed class WorkerTeam : IDisposable
{
    /// <summary>Spins between two yields: two threads on one core must not wait for each other's time slice.</summary>
    private const int SpinsPerYield = 100;

    /// <summary>No processor's number.</summary>
    private const int Unseen = -1;
    private static readonly long SpinTicks = Stopwatch.Frequency / 2000;

    private readonly SemaphoreSlim[] _wake;
    private readonly PaddedInt[] _asleep;

    /// <summary>The processor that each member was last seen on; empty where the members are more than the processors, or nothing is known of them.</summary>
    private readonly PaddedInt[] _places;
    private volatile int _generation;
    private int _finished;
    private int _arrived;
    private volatile int _barrierGeneration;
    private Action<int>? _job;
    private Exception? _failure;
    private volatile bool _stopping;

    public WorkerTeam(int count)
    {
        Count = count;
        _wake = new SemaphoreSlim[count];
        _asleep = new PaddedInt[count];
        _places = new PaddedInt[count > 1 && count <= Processors.Allowed.Length ? count : 0];
        Array.Fill(_places, new PaddedInt { Value = Unseen });
        for (int worker = 1; worker < count; worker++)
        {
            _wake[worker] = new SemaphoreSlim(0);
            int id = worker;
            new Thread(() => Work(id)) { IsBackground = true, Name = $"TinyLM worker {id}" }.Start();
        }
    }

    public int Count { get; }

    /// <summary>Runs <paramref name="job"/> on every member, 0 being the caller, and returns when all have finished.</summary>
    public void Run<TJob>(TJob job)
        where TJob : struct, IWorkerJob
    {
        if (Count == 1)
        {
            job.Run(0);
            return;
        }

        JobHolder<TJob> holder = JobHolder<TJob>.Instance ??= new JobHolder<TJob>();
        holder.Job = job;
        Fork(holder.Invoke);
        holder.Job = default;
    }

    /// <summary>Waits, inside a job, until every member has come here.</summary>
    public void Barrier()
    {
        if (Count == 1)
        {
            return;
        }

        int generation = _barrierGeneration;
        if (Interlocked.Increment(ref _arrived) == Count)
        {
            Volatile.Write(ref _arrived, 0);
            _barrierGeneration = generation + 1;
            return;
        }

        int spins = 0;
        while (_barrierGeneration == generation)
        {
            SpinOnce(ref spins);
        }
    }

    public void Dispose()
    {
        _stopping = true;
        for (int worker = 1; worker < Count; worker++)
        {
            _wake[worker].Release();
        }
    }

    private void Fork(Action<int> job)
    {
        if (_places.Length > 0)
        {
            See(0, Processors.Current);
        }

        _job = job;
        Volatile.Write(ref _finished, 0);
        _generation++;
        Interlocked.MemoryBarrier();
        for (int worker = 1; worker < Count; worker++)
        {
            if (Volatile.Read(ref _asleep[worker].Value) == 1 && Interlocked.Exchange(ref _asleep[worker].Value, 0) == 1)
            {
                _wake[worker].Release();
            }
        }

        RunJob(job, 0);
        int spins = 0;
        while (Volatile.Read(ref _finished) != Count - 1)
        {
            SpinOnce(ref spins);
        }

        if (_failure is { } failure)
        {
            _failure = null;
            throw new InvalidOperationException($"A kernel failed: {failure.Message}", failure);
        }
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (!_stopping)
        {
            long start = Stopwatch.GetTimestamp();
            int spins = 0;
            while (_generation == seen && !_stopping)
            {
                SpinOnce(ref spins);
                if (spins == 0 && Stopwatch.GetTimestamp() - start > SpinTicks)
                {
                    Sleep(worker, seen);
                    start = Stopwatch.GetTimestamp();
                }
            }

            if (_stopping)
            {
                return;
            }

            seen = _generation;
            Spread(worker);
            RunJob(_job!, worker);
            Interlocked.Increment(ref _finished);
        }
    }

    /// <summary>Leaves a processor that the caller or a lower worker runs on for one that no member was seen on.</summary>
    private void Spread(int worker)
    {
        if (_places.Length == 0)
        {
            return;
        }

        int place = Processors.Current;
        for (int other = 0; other < worker; other++)
        {
            if (Volatile.Read(ref _places[other].Value) == place && FreePlace(worker) is int free)
            {
                Processors.MoveTo(free);
                place = free;
                break;
            }
        }

        See(worker, place);
    }

    private int? FreePlace(int worker)
    {
        foreach (int processor in Processors.Allowed)
        {
            bool taken = false;
            for (int other = 0; other < Count; other++)
            {
                taken |= other != worker && Volatile.Read(ref _places[other].Value) == processor;
            }

            if (!taken)
            {
                return processor;
            }
        }

        return null;
    }

    /// <summary>Written only where it changed, so that the others can read it from their own caches.</summary>
    private void See(int member, int processor)
    {
        if (Volatile.Read(ref _places[member].Value) != processor)
        {
            Volatile.Write(ref _places[member].Value, processor);
        }
    }

    private void Sleep(int worker, int seen)
    {
        Volatile.Write(ref _asleep[worker].Value, 1);
        Interlocked.MemoryBarrier();
        if ((_generation == seen && !_stopping) || Interlocked.Exchange(ref _asleep[worker].Value, 0) == 0)
        {
            _wake[worker].Wait();
        }

        Volatile.Write(ref _asleep[worker].Value, 0);
    }

    /// <summary>An exception must not leave the team half joined; the caller rethrows it after the join.</summary>
    private void RunJob(Action<int> job, int worker)
    {
        try
        {
            job(worker);
        }
#pragma warning disable CA1031 // Rethrown by Fork.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
        }
    }

    private static void SpinOnce(ref int spins)
    {
        if (++spins < SpinsPerYield)
        {
            Thread.SpinWait(1);
        }
        else
        {
            spins = 0;
            Thread.Yield();
        }
    }

    /// <summary>One int a cache line, so that workers do not disturb each other.</summary>
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential, Size = 128)]
    private struct PaddedInt
    {
        public int Value;
    }

    /// <summary>Keeps one delegate a job type and thread, so that a fork allocates nothing.</summary>
    private sealed class JobHolder<TJob>
        where TJob : struct, IWorkerJob
    {
        [ThreadStatic]
        private static JobHolder<TJob>? _instance;

        public JobHolder()
        {
            Invoke = worker => Job.Run(worker);
        }

        public static ref JobHolder<TJob>? Instance => ref _instance;

        public TJob Job { get; set; }

        public Action<int> Invoke { get; }
    }
}
