// Speed, side by side: every op and every training step against libtorch in one process, by turns.
using System.CommandLine;
using Spectre.Console;
using TinyLM;
using TinyLM.Benchmarks;

var filter = new Option<string[]>("--filter") { Description = "only the cases with one of these in their names", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
var threads = new Option<int>("--threads") { Description = "of each contender", DefaultValueFactory = _ => Environment.ProcessorCount };
var rounds = new Option<int>("--rounds") { Description = "turns of each contender; the median counts", DefaultValueFactory = _ => 15 };
var warmUp = new Option<int>("--warm-up") { Description = "milliseconds before they count", DefaultValueFactory = _ => 600 };
var folder = new Option<string?>("--out") { Description = "folder for results.json and ratios.png" };
var cpu = new Command("cpu", "Ops and training steps on the CPU.") { filter, threads, rounds, warmUp, folder };
var command = new RootCommand("TinyLM's speed, beside libtorch's where it was built with -p:Libtorch=true.") { cpu };
cpu.SetAction(_ => 0);

ParseResult parsed = command.Parse(args);
if (parsed.CommandResult.Command != cpu || parsed.Errors.Count > 0 || args.Contains("--help"))
{
    return parsed.Invoke();
}

return CommandLine.Run(_ =>
{
    string[] wanted = parsed.GetValue(filter)!;
    int threadCount = parsed.GetValue(threads), roundCount = parsed.GetValue(rounds);
    if (threadCount < 1 || roundCount < 1)
    {
        throw new UserException($"--threads {threadCount}, --rounds {roundCount}: expected at least 1 of each.");
    }

    BenchmarkCase[] cases = [.. CpuCases.All.Where(@case => wanted.Length == 0 || wanted.Any(text => @case.Name.Contains(text, StringComparison.OrdinalIgnoreCase)))];
    if (cases.Length == 0)
    {
        throw new UserException($"--filter: no case has {string.Join(" or ", wanted.Select(text => $"'{text}'"))} in its name.");
    }

    Opponent.Prepare(threadCount);
    using Device device = Device.Open("cpu", threadCount);
    DevicePeak peak = DevicePeak.Measure(device)!.Value;
    var timing = new Timing(threadCount, roundCount, parsed.GetValue(warmUp));
    var figures = new List<Figure>();
    foreach (BenchmarkCase @case in cases)
    {
        Figure figure = timing.Measure(@case, peak);
        figures.Add(figure);
        Console.Error.WriteLine(FormattableString.Invariant($"{figure.Case}: {figure.Milliseconds:F3} ms, {figure.ShareOfPeak:P0} of peak, {figure.Ratio:F2}x {figure.Opponent}"));
    }

    Report.Print(figures, peak, AnsiConsole.Console);
    if (parsed.GetValue(folder) is { } path)
    {
        Report.Save(figures, peak, threadCount, path);
    }

    return 0;
});
