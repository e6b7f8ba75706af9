namespace TinyLM.Tests;

public sealed class WorkerTeamTests
{
    [Test]
    public void Numbers_of_different_threads_are_two_cache_lines_apart()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(System.Runtime.CompilerServices.Unsafe.SizeOf<Padded<long>>(), Is.EqualTo(128));
            Assert.That(System.Runtime.CompilerServices.Unsafe.SizeOf<Padded<int>>(), Is.EqualTo(128));
        }
    }

    [Test]
    public void Each_share_of_each_phase_is_done_once_and_no_phase_begins_early([Values(1, 2, 3, 8)] int members)
    {
        using var team = new WorkerTeam(members);
        var random = new Philox(seed: 1, Philox.Purpose("phases"));
        for (int round = 0; round < 2000; round++)
        {
            int phases = 1 + (int)(random.Uniform((ulong)round) * 4);
            var done = new int[phases * members];
            int early = 0;
            team.RunPhases(new CountingJob(members, phases, done, () => Interlocked.Increment(ref early)));
            Assert.That(done, Is.All.EqualTo(1), $"round {round}");
            Assert.That(early, Is.Zero, $"shares that began before the phase before was over, round {round}");
            if (round % 500 == 0)
            {
                // Long enough for the workers to fall asleep.
                Thread.Sleep(5);
            }
        }
    }

    [Test]
    public void A_worker_that_is_held_up_does_not_hold_up_the_shares_that_nobody_began()
    {
        using var team = new WorkerTeam(3);
        var finishers = new int[3];
        int begun = 0;
        team.Run(new ActionJob(share =>
        {
            // The first share to begin ends last: whoever does not have it must take the two others.
            if (Interlocked.Increment(ref begun) == 1)
            {
                SpinWait.SpinUntil(() => Volatile.Read(ref finishers[0]) + Volatile.Read(ref finishers[1]) + Volatile.Read(ref finishers[2]) == 2);
            }

            Volatile.Write(ref finishers[share], 1);
        }));
        Assert.That(finishers, Is.All.EqualTo(1));
    }

    [Test]
    public void A_failure_is_told_after_the_join_and_the_team_goes_on([Values(1, 2, 3)] int failing)
    {
        using var team = new WorkerTeam(3);
        int done = 0;
        Assert.That(
            () => team.Run(new ActionJob(share =>
            {
                Interlocked.Increment(ref done);
                if (share < failing)
                {
                    throw new IOException("on purpose");
                }
            })),
            Throws.InvalidOperationException.With.Message.EqualTo("A kernel failed: on purpose"));
        Assert.That(done, Is.EqualTo(3));
        team.Run(new ActionJob(_ => Interlocked.Increment(ref done)));
        Assert.That(done, Is.EqualTo(6));
    }

    private readonly struct ActionJob(Action<int> share) : IWorkerJob
    {
        public void Run(int worker) => share(worker);
    }

    private readonly struct CountingJob(int members, int phases, int[] done, Action onEarly) : IPhasedJob
    {
        public int Phases => phases;

        public void Run(int worker, int phase)
        {
            for (int i = 0; phase > 0 && i < members; i++)
            {
                if (Volatile.Read(ref done[((phase - 1) * members) + i]) != 1)
                {
                    onEarly();
                }
            }

            Interlocked.Increment(ref done[(phase * members) + worker]);
        }
    }
}
