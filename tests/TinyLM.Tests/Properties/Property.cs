using CsCheck;
using NUnit.Framework.Internal;

namespace TinyLM.Tests.Properties;

/// <summary>
/// Something that holds for every case, tried on random ones. CsCheck draws them from a fresh seed each run, makes a failing one as small as it
/// can, and reports it with its seed, which <c>CsCheck_Seed</c> replays.
/// </summary>
internal static class Property
{
    /// <summary>CsCheck's own number of cases: <c>CsCheck_Iter=1000</c> runs ten times as many of each property.</summary>
    public const int UsualIterations = 100;

    /// <summary>How much slower the interpreter is taken to be.</summary>
    private const int InterpretersShare = 10;

    /// <summary>Beyond the cases that were left when one failed.</summary>
    private const int ShrinkingSeconds = 5;

    /// <summary>Tries a property on a device and notes how many cases there were.</summary>
    /// <param name="device">The device's name; the interpreted one gets a small share of the cases. "host" for what runs on none.</param>
    /// <param name="cases">How many cases.</param>
    /// <param name="gen">Draws them.</param>
    /// <param name="check">Throws where the property does not hold.</param>
    public static void Holds<T>(string device, int cases, Gen<T> gen, Action<T> check)
    {
        long started = TimeProvider.System.GetTimestamp();
        int ran = 0;
        try
        {
            Sample(gen, Counted, Math.Max(1, (device == "interpreted" ? Math.Max(3, cases / InterpretersShare) : cases) * Check.Iter / UsualIterations));
        }
        finally
        {
            PropertyCounts.Add(TestContext.CurrentContext.Test.Name, device, ran, TimeProvider.System.GetElapsedTime(started));
            TestContext.Out.WriteLine($"{ran} cases");
        }

        void Counted(T value)
        {
            ran++;
            check(value);
        }
    }

    /// <summary>Checks cases; where one fails that is not a replay, smaller ones that fail too are looked for.</summary>
    /// <exception cref="CsCheckException">With the smallest failing case and its seed.</exception>
    public static void Sample<T>(Gen<T> gen, Action<T> check, long cases, int shrinkingSeconds = ShrinkingSeconds)
    {
        try
        {
            gen.Sample(Isolated, iter: cases, threads: 1);
        }
        catch (CsCheckException fault) when (Check.Seed is null)
        {
            gen.Sample(Isolated, seed: SeedOf(fault), time: shrinkingSeconds, threads: 1);
            throw;
        }

        // An assertion that fails on the way to the smallest case is not one more failure of the test.
        void Isolated(T value)
        {
            using (new TestExecutionContext.IsolatedContext())
            {
                check(value);
            }
        }
    }

    /// <summary>The seed that a failure's message tells.</summary>
    public static string SeedOf(CsCheckException fault) => fault.Message.Split('"')[1];
}
