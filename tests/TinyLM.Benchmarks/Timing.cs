using System.Diagnostics;

namespace TinyLM.Benchmarks;

/// <summary>What was measured of a case.</summary>
/// <param name="Case">Its name.</param>
/// <param name="Group">What a goal is stated for.</param>
/// <param name="Milliseconds">Ours, the median.</param>
/// <param name="Opponent">The fastest other way; empty where there is none.</param>
/// <param name="OpponentMilliseconds">Its median.</param>
/// <param name="Ratio">The median of the rounds' ratios: how many times faster we are.</param>
/// <param name="Gflops">Ours; 0 where memory is what counts.</param>
/// <param name="GigabytesPerSecond">Ours; 0 where arithmetic is what counts.</param>
/// <param name="ShareOfPeak">Of multiply-adds, or of a large copy's traffic; more than 1 of that comes from a cache.</param>
/// <param name="TokensPerSecond">Ours; 0 for a single op.</param>
internal sealed record Figure(
    string Case, string Group, double Milliseconds, string Opponent, double OpponentMilliseconds, double Ratio, double Gflops, double GigabytesPerSecond,
    double ShareOfPeak, double TokensPerSecond);

/// <summary>Runs the contenders of a case by turns, so that what disturbs one disturbs the others.</summary>
/// <param name="threads">Of each contender.</param>
/// <param name="rounds">Measured; the median counts.</param>
/// <param name="warmUp">Milliseconds in which each contender runs before.</param>
internal sealed class Timing(int threads, int rounds, int warmUp)
{
    /// <summary>libtorch's threads go on spinning for some milliseconds after its turn, and would take a core from whoever is next.</summary>
    private const int PauseAfterOpponent = 20;

    /// <summary>A short body runs so often that a turn takes about as many milliseconds.</summary>
    private const double ShortestTurn = 2;

    /// <summary>Without an opponent.</summary>
    public Figure MeasureOurs(BenchmarkCase @case, DevicePeak peak)
    {
        using Device device = Device.Open("cpu", threads);
        return Measure(@case, peak, [new Contender("TinyLM", @case.Ours(device))]);
    }

    public Figure Measure(BenchmarkCase @case, DevicePeak peak)
    {
        Figure? figure = null;
        Opponent.InScope(() =>
        {
            using Device device = Device.Open("cpu", threads);
            figure = Measure(@case, peak, [new Contender("TinyLM", @case.Ours(device)), .. Opponent.Of(@case)]);
        });
        return figure!;
    }

    private Figure Measure(BenchmarkCase @case, DevicePeak peak, Contender[] contenders)
    {
        int[] repeats = Array.ConvertAll(contenders, contender => @case.Pause > 0 ? 1 : WarmUp(contender.Run));
        var times = new double[contenders.Length, rounds];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < contenders.Length; i++)
            {
                Thread.Sleep(Math.Max(@case.Pause, i == 0 && contenders.Length > 1 ? PauseAfterOpponent : 0));
                if (@case.Pause == 0)
                {
                    Opponent.InScope(contenders[i].Run);
                }

                times[i, round] = Turn(contenders[i].Run, repeats[i]);
            }
        }

        double[] medians = [.. contenders.Select((_, i) => Median(Enumerable.Range(0, rounds).Select(round => times[i, round])))];
        int best = contenders.Length == 1 ? 0 : 1 + Array.IndexOf(medians[1..], medians[1..].Min());
        double ours = medians[0], seconds = ours / 1e3;
        return new Figure(
            @case.Name, @case.Group, ours, best == 0 ? "" : contenders[best].Name, best == 0 ? 0 : medians[best],
            best == 0 ? 0 : Median(Enumerable.Range(0, rounds).Select(round => times[best, round] / times[0, round])),
            @case.Flops / seconds / 1e9, @case.Bytes / seconds / 1e9,
            @case.Flops > 0 ? @case.Flops / seconds / peak.FlopsPerSecond : @case.Bytes / seconds / peak.BytesPerSecond, @case.Tokens / seconds);
    }

    /// <summary>How often the body must run to fill a turn.</summary>
    private int WarmUp(Action run)
    {
        long start = Stopwatch.GetTimestamp();
        double one = Turn(run, 1);
        while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < warmUp)
        {
            one = Math.Min(one, Turn(run, 1));
        }

        return (int)Math.Clamp(ShortestTurn / one, 1, 1000);
    }

    /// <summary>Milliseconds of one run.</summary>
    private static double Turn(Action run, int repeats)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++)
        {
            Opponent.InScope(run);
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / repeats;
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
