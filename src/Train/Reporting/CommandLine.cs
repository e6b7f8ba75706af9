using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>What every program of ours does around its job: one line and an exit code for a user's mistake, a clean end on Ctrl-C.</summary>
public static class CommandLine
{
    /// <summary>Parses the arguments and runs <paramref name="job"/> with them, as <see cref="Run(Func{CancellationToken, int})"/> does. What cannot be parsed is one line and exit code 2.</summary>
    public static int Run(RootCommand command, string[] arguments, Func<ParseResult, CancellationToken, int> job) => Parse(command, arguments, parsed => Run(stop => job(parsed, stop)));

    /// <summary>The same for a job that has nothing to save: Ctrl-C ends the process.</summary>
    public static int Run(RootCommand command, string[] arguments, Func<ParseResult, int> job) => Parse(command, arguments, parsed => Run(() => job(parsed)));

    /// <summary>The library's own message names .NET types where a number is wrong.</summary>
    private static string Describe(ParseError error) =>
        error.SymbolResult is OptionResult { Tokens: [{ } token], Option: var option } && Kind(option.ValueType) is { } kind
            ? $"{option.Name}: '{token.Value}' is not {kind}.".ReplaceLineEndings(" ")
            : error.Message.ReplaceLineEndings(" ");

    private static string? Kind(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var number when number == typeof(int) => "a whole number",
        var number when number == typeof(ulong) => "a whole number of at least 0",
        var number when number == typeof(double) => "a number",
        _ => null,
    };

    /// <summary>
    /// Runs <paramref name="job"/>; Ctrl-C and SIGTERM cancel its token once, a second Ctrl-C ends the process. A user's mistake is one line on
    /// standard error and exit code 2, the world's fault (a full disk) 1.
    /// </summary>
    public static int Run(Func<CancellationToken, int> job)
    {
        ArgumentNullException.ThrowIfNull(job);
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return Run(() => job(stop.Token));
    }

    /// <summary>Runs <paramref name="job"/>, which has nothing to save: Ctrl-C ends the process. Mistakes and faults are told as above.</summary>
    public static int Run(Func<int> job)
    {
        ArgumentNullException.ThrowIfNull(job);
        try
        {
            return job();
        }
        catch (UserException mistake)
        {
            Console.Error.WriteLine($"error: {mistake.Message}");
            return mistake.ExitCode;
        }
        catch (DeviceException fault)
        {
            Console.Error.WriteLine($"error: {fault.Message}");
            return UserException.Mistake;
        }
    }

    private static int Parse(RootCommand command, string[] arguments, Func<ParseResult, int> job)
    {
        ArgumentNullException.ThrowIfNull(command);
        ParseResult parsed = command.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            Console.Error.WriteLine($"error: {Describe(parsed.Errors[0])} Use --help for the options.");
            return UserException.Mistake;
        }

        // --help and --version have actions of their own.
        return parsed.Action is not null ? parsed.Invoke() : job(parsed);
    }
}
