using System.Diagnostics;
using Spectre.Console;

namespace TinyLM.Benchmarks;

/// <summary>What the CPU's team of threads costs: to fork and join, while it waits, and where it has fewer processors than threads.</summary>
internal static class TeamFigures
{
    private const string Setting = "step shakespeare-small gpt2";

    /// <summary>A busy process lives no longer than this, whatever becomes of us.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    /// <summary>In the child: takes a processor's time until it is ended.</summary>
    public static void KeepBusy()
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < LongestLife;)
        {
            Thread.SpinWait(1000);
        }
    }

    public static void Run(int most, IAnsiConsole console)
    {
        BenchmarkCase @case = CpuCases.All.Single(@case => @case.Name == Setting);
        Pauses(console, most);
        var table = new Table().Border(TableBorder.Simple).Title(Setting)
            .AddColumns("threads", "ms a step", "its CPU time, ms", "beside a busy process, ms", "its CPU time, ms", "with 20 ms between steps, ms", "its CPU time, ms", "5 s of idleness, ms of CPU");
        for (int threads = 1; threads <= most; threads++)
        {
            using Device device = Device.Open("cpu", threads);
            Action step = @case.Ours(device);
            _ = Steps(step, WarmUp);
            var alone = Steps(step, Turn);
            var paced = Steps(step, Turn, pause: 20);
            (double Wall, double Cpu) busy;
            using (Process other = Start("busy"))
            {
                busy = Steps(step, 2 * Turn);
                other.Kill();
                other.WaitForExit();
            }

            step();
            double before = CpuMilliseconds();
            Thread.Sleep(Idle);
            double idle = CpuMilliseconds() - before;
            table.AddRow([$"{threads}", .. new[] { alone.Wall, alone.Cpu, busy.Wall, busy.Cpu, paced.Wall, paced.Cpu, idle }.Select(value => FormattableString.Invariant($"{value:F1}"))]);
        }

        console.Write(table);
    }

    private static void Pauses(IAnsiConsole console, int most)
    {
        var table = new Table().Border(TableBorder.Simple).Title("fork and join of a job that does nothing, median in µs").AddColumns("threads", "at once", "after 0.1 ms", "after 1 ms", "after 10 ms");
        for (int threads = 2; threads <= most; threads++)
        {
            using var device = (CpuDevice)Device.Open("cpu", threads);
            table.AddRow([$"{threads}", .. new[] { 0, 0.1, 1, 10 }.Select(pause => FormattableString.Invariant($"{ForkAndJoin(device, pause):F2}"))]);
        }

        console.Write(table);
    }

    /// <summary>Median microseconds.</summary>
    private static double ForkAndJoin(CpuDevice device, double pauseMilliseconds)
    {
        int repeats = pauseMilliseconds == 0 ? 20_000 : (int)(1000 / (1 + pauseMilliseconds));
        var times = new double[repeats];
        for (int i = 0; i < repeats; i++)
        {
            if (pauseMilliseconds >= 1)
            {
                Thread.Sleep((int)pauseMilliseconds);
            }

            long start = Stopwatch.GetTimestamp();
            while (pauseMilliseconds is > 0 and < 1 && Stopwatch.GetElapsedTime(start).TotalMilliseconds < pauseMilliseconds)
            {
            }

            start = Stopwatch.GetTimestamp();
            device.For(device.ThreadCount, default(Nothing));
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(times);
        return times[repeats / 2];
    }

    /// <summary>Mean milliseconds of a step by the clock, and of the process's threads.</summary>
    private static (double Wall, double Cpu) Steps(Action step, TimeSpan duration, int pause = 0)
    {
        int count = 0;
        double wall = 0, before = CpuMilliseconds();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < duration; count++)
        {
            Thread.Sleep(pause);
            long start = Stopwatch.GetTimestamp();
            step();
            wall += Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return (wall / count, (CpuMilliseconds() - before) / count);
    }

    private static double CpuMilliseconds()
    {
        using Process own = Process.GetCurrentProcess();
        return own.TotalProcessorTime.TotalMilliseconds;
    }

    /// <summary>Whoever started this program, dotnet with a library or the program itself, starts the child.</summary>
    private static Process Start(params string[] arguments)
    {
        string[] own = Environment.GetCommandLineArgs();
        bool isHosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        return Process.Start(Environment.ProcessPath!, [.. isHosted ? own[..1] : [], .. arguments]);
    }

    private readonly struct Nothing : CpuDevice.IRangeBody
    {
        public void Run(long start, long end)
        {
        }
    }
}
