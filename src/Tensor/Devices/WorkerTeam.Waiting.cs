using System.Diagnostics;

namespace TinyLM;

// A member that waits spins for about as long as it takes to be woken, so that it never loses more than twice the least; then it sleeps. In a step of a small model
// a hundred forks follow each other within microseconds. A longer spin takes the processor from whoever is waited for, where there are fewer processors than threads.
internal sealed partial class WorkerTeam
{
    /// <summary>Spins between two yields: two threads on one processor must not wait for each other's time slice.</summary>
    private const int SpinsPerYield = 100;
    private static readonly long SpinTicks = Stopwatch.Frequency * 50 / 1_000_000;

    private readonly SemaphoreSlim[] _wakeUps;

    /// <summary>1 from when a member is about to sleep until it is woken, or thinks better of it.</summary>
    private readonly Padded<int>[] _asleep;

    /// <summary>Until a counter, which whoever moves it on wakes the member for, has come so far or the team is stopped.</summary>
    private void WaitFor(ref long counter, long value, int member)
    {
        long start = 0;
        int spins = 0;
        while (Volatile.Read(ref counter) < value && !_stopping)
        {
            if (++spins < SpinsPerYield)
            {
                Thread.SpinWait(1);
                continue;
            }

            spins = 0;
            long now = Stopwatch.GetTimestamp();
            start = start == 0 ? now : start;
            if (now - start < SpinTicks)
            {
                Thread.Yield();
            }
            else
            {
                Sleep(ref counter, value, member);
                start = 0;
            }
        }
    }

    private void Sleep(ref long counter, long value, int member)
    {
        // Either this member sees the counter's move, or the mover sees that it is about to sleep.
        ref int asleep = ref _asleep[member].Value;
        Interlocked.Exchange(ref asleep, 1);
        bool hasCome = Volatile.Read(ref counter) >= value || _stopping;
        if (!hasCome || Interlocked.Exchange(ref asleep, 0) == 0)
        {
            _wakeUps[member].Wait();
        }
    }

    private void Wake(int member)
    {
        ref int asleep = ref _asleep[member].Value;
        if (Volatile.Read(ref asleep) == 1 && Interlocked.Exchange(ref asleep, 0) == 1)
        {
            _wakeUps[member].Release();
        }
    }
}
