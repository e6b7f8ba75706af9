using System.Diagnostics;
using System.Text.Json;
using Spectre.Console;

namespace TinyLM.Benchmarks;

/// <summary>What one contender needs in a process of its own.</summary>
/// <param name="Case">The training step.</param>
/// <param name="Contender">Who takes it.</param>
/// <param name="FirstStepSeconds">From the start of the process to the end of the first step, the model made on the way.</param>
/// <param name="PeakMegabytes">The most that the process ever held resident.</param>
internal sealed record Needs(string Case, string Contender, double FirstStepSeconds, double PeakMegabytes);

/// <summary>
/// Training steps, each contender in a process of its own: what in one process nobody can tell apart. libtorch's allocator is left as it comes, which takes more time
/// but less memory than in the race. Only steps that it takes in one way, since all ways of a case are made together.
/// </summary>
internal static class Alone
{
    /// <summary>Steps of a process: the peak is reached in the second, when optimiser state and gradients are all there.</summary>
    private const int Steps = 3;

    /// <summary>Child processes of each contender; the median time counts, and the largest peak.</summary>
    private const int Processes = 3;

    /// <summary>In the child: runs a contender and writes its <see cref="Needs"/> as a line of JSON.</summary>
    public static void RunChild(string name, bool isOurs, int threads)
    {
        BenchmarkCase @case = CpuCases.All.Single(@case => @case.Name == name);
        if (isOurs)
        {
            // Without a call of the other's, whose libraries would be loaded and counted.
            using Device device = Device.Open("cpu", threads);
            Report(name, new Contender("TinyLM", @case.Ours(device)), step => step());
            return;
        }

        Opponent.Prepare(threads, keepsFreedMemory: false);
        Opponent.InScope(() => Report(name, Opponent.Of(@case)[0], Opponent.InScope));
    }

    private static void Report(string name, Contender contender, Action<Action> run)
    {
        run(contender.Run);
        double seconds = (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds;
        for (int step = 1; step < Steps; step++)
        {
            run(contender.Run);
        }

        Console.WriteLine(JsonSerializer.Serialize(new Needs(name, contender.Name, seconds, Process.GetCurrentProcess().PeakWorkingSet64 / 1e6)));
    }

    public static void RunAll(int threads, IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("case", "by", "first step", "peak memory", "of the other");
        foreach (StepCase @case in CpuCases.All.OfType<StepCase>().Where(@case => @case.Setting.IsOfEqualLengths))
        {
            bool[] contenders = Opponent.Name.Length > 0 ? [true, false] : [true];
            Needs[] needs = [.. contenders.Select(isOurs => Median(Enumerable.Range(0, Processes).Select(_ => Run(@case, isOurs, threads))))];
            foreach (Needs need in needs)
            {
                table.AddRow(
                    Markup.Escape(@case.Name), Markup.Escape(need.Contender), FormattableString.Invariant($"{need.FirstStepSeconds:F2} s"),
                    FormattableString.Invariant($"{need.PeakMegabytes:F0} MB"),
                    need == needs[0] && needs.Length > 1 ? FormattableString.Invariant($"{need.PeakMegabytes / needs[1].PeakMegabytes:F2}x") : "");
            }
        }

        console.Write(table);
    }

    private static Needs Median(IEnumerable<Needs> runs)
    {
        Needs[] sorted = [.. runs.OrderBy(run => run.FirstStepSeconds)];
        return sorted[sorted.Length / 2] with { PeakMegabytes = sorted.Max(run => run.PeakMegabytes) };
    }

    private static Needs Run(StepCase @case, bool isOurs, int threads)
    {
        // Whoever started this program, dotnet with a library or the program itself, starts the child.
        string[] own = Environment.GetCommandLineArgs();
        bool isHosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        foreach (string argument in (string[])[.. isHosted ? own[..1] : [], "child", @case.Name, $"{isOurs}", $"{threads}"])
        {
            start.ArgumentList.Add(argument);
        }

        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? JsonSerializer.Deserialize<Needs>(output)!
            : throw new UserException($"alone: the process of '{@case.Name}' ended with exit code {child.ExitCode}.", UserException.World);
    }
}
