// Speed, side by side: every op and every training step against libtorch in one process, by turns.
using System.CommandLine;
using Spectre.Console;
using TinyLM;
using TinyLM.Benchmarks;

var filter = new Option<string[]>("--filter") { Description = "only the cases with one of these in their names", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
var threads = new Option<int>("--threads") { Description = "of each contender", DefaultValueFactory = _ => CpuQuota.Processors };
var rounds = new Option<int>("--rounds") { Description = "turns of each contender; the median counts", DefaultValueFactory = _ => 15 };
var warmUp = new Option<int>("--warm-up") { Description = "milliseconds before they count", DefaultValueFactory = _ => 600 };
var folder = new Option<string?>("--out") { Description = "folder for results.json and ratios.png" };
var cpu = new Command("cpu", "Ops and training steps on the CPU.") { filter, threads, rounds, warmUp, folder };
var growth = new Command("growth", "A training step's speed over tokens a step, document length, width and threads.") { threads, rounds, warmUp, folder };
var alone = new Command("alone", "Time to the first training step and peak memory, each contender in a process of its own.") { threads };
var team = new Command("team", "What the team of threads costs: forks, waiting, and steps beside a busy process or with more threads than processors.") { threads };
var scoring = new Command("scoring", "What test-time training costs, as a multiple of strided scoring.") { filter, threads, rounds };
var command = new RootCommand("TinyLM's speed, beside libtorch's where it was built with -p:Libtorch=true.") { cpu, growth, alone, team, scoring };

if (args is ["child", var name, var isOurs, var ofThreads])
{
    return CommandLine.Run(() =>
    {
        Alone.RunChild(name, bool.Parse(isOurs), int.Parse(ofThreads, System.Globalization.CultureInfo.InvariantCulture));
        return 0;
    });
}

if (args is ["busy"])
{
    TeamFigures.KeepBusy();
    return 0;
}

// The commands run below, outside of the parser, which would turn a mistake of ours into a line.
ParseResult parsed = command.Parse(args);
Command chosen = parsed.CommandResult.Command;
if (chosen == command || parsed.Errors.Count > 0 || parsed.Action is not null)
{
    return parsed.Invoke();
}

return CommandLine.Run(() =>
{
    int threadCount = parsed.GetValue(threads);
    if (threadCount < 1)
    {
        throw new UserException($"--threads {threadCount}: expected at least 1.");
    }

    if (chosen == alone)
    {
        Alone.RunAll(threadCount, AnsiConsole.Console);
        return 0;
    }

    if (chosen == team)
    {
        TeamFigures.Run(threadCount, AnsiConsole.Console);
        return 0;
    }

    int roundCount = parsed.GetValue(rounds), milliseconds = parsed.GetValue(warmUp);
    if (roundCount < 1)
    {
        throw new UserException($"--rounds {roundCount}: expected at least 1.");
    }

    if (chosen == scoring)
    {
        ScoringFigures.Run(threadCount, roundCount, parsed.GetValue(filter)!, AnsiConsole.Console);
        return 0;
    }

    Opponent.Prepare(threadCount);
    DevicePeak peak = Peak(threadCount);
    var figures = new List<Figure>();
    if (chosen == growth)
    {
        foreach (Growth curve in Growth.All(threadCount))
        {
            figures.AddRange(curve.Run(peak, roundCount, milliseconds, AnsiConsole.Console, parsed.GetValue(folder)));
        }
    }
    else
    {
        var timing = new Timing(threadCount, roundCount, milliseconds);
        foreach (BenchmarkCase @case in Wanted(parsed.GetValue(filter)!))
        {
            Figure figure = timing.Measure(@case, peak);
            figures.Add(figure);
            Console.Error.WriteLine(FormattableString.Invariant(
                $"{figure.Case}: {figure.Milliseconds:F3} ms, {figure.ShareOfPeak:P0} of peak{(figure.Ratio > 0 ? $", {figure.Ratio:F2}x {figure.Opponent}" : "")}"));
        }

        Report.Print(figures, peak, AnsiConsole.Console);
    }

    if (parsed.GetValue(folder) is { } path)
    {
        Report.Save(figures, peak, threadCount, path);
    }

    return 0;
});

static DevicePeak Peak(int threads)
{
    using Device device = Device.Open("cpu", threads);
    return DevicePeak.Measure(device) ?? default;
}

static BenchmarkCase[] Wanted(string[] texts)
{
    BenchmarkCase[] cases = [.. CpuCases.All.Where(@case => texts.Length == 0 || texts.Any(text => @case.Name.Contains(text, StringComparison.OrdinalIgnoreCase)))];
    return cases.Length > 0 ? cases : throw new UserException($"--filter: no case has {string.Join(" or ", texts.Select(text => $"'{text}'"))} in its name.");
}
