using System.Diagnostics;
using System.Globalization;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace TinyLM;

/// <summary>Shows a run while it goes: a live view in a terminal, a plain line now and then where output is redirected.</summary>
public sealed class TrainingDisplay
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10), RefreshInterval = TimeSpan.FromSeconds(0.1);
    private readonly IAnsiConsole _console;

    public TrainingDisplay(IAnsiConsole? console = null)
    {
        _console = console ?? AnsiConsole.Console;
        if (!IsLive)
        {
            _console.Profile.Width = Math.Max(_console.Profile.Width, 160);
        }
    }

    /// <summary>Shows nothing: for runs of which only the results count.</summary>
    public static TrainingDisplay Silent { get; } = new(AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(TextWriter.Null),
    }));

    private bool IsLive => _console.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;

    /// <summary>Prints one line.</summary>
    /// <exception cref="UserException">Standard output cannot be written: it goes to a file on a full disk, say.</exception>
    public void Line(string text) => Write(() => _console.WriteLine(text));

    /// <summary>Runs <paramref name="train"/>, which reports after each step.</summary>
    /// <param name="history">What is shown.</param>
    /// <param name="train">Trains.</param>
    public void Train(RunHistory history, Action<Action> train)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(train);
        if (IsLive)
        {
            _console.Live(View(history)).Start(context => TrainLive(context, history, train));
        }
        else
        {
            TrainPlain(history, train);
        }
    }

    /// <summary>Runs <paramref name="work"/>, which reports how much of <paramref name="size"/> is done.</summary>
    public void Work(string title, long size, Action<IProgress<long>?> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (!IsLive)
        {
            Line(title);
            work(null);
            return;
        }

        Progress().Start(context =>
        {
            ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: Math.Max(1, size));
            work(new Report<long>(done => task.Value = done));
            task.Value = task.MaxValue;
        });
    }

    /// <summary>Runs <paramref name="score"/>, which reports how many of the targets it has scored.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was asked for.</exception>
    public T Score<T>(string scorer, int targets, Func<IProgress<int>, T> score, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(score);
        if (!IsLive)
        {
            Line(FormattableString.Invariant($"scoring {targets:N0} held-out tokens: {scorer}"));
            return score(new Report<int>(_ => stop.ThrowIfCancellationRequested()));
        }

        return Progress().Start(context =>
        {
            ProgressTask task = context.AddTask(Markup.Escape($"scoring, {scorer}"), maxValue: targets);
            return score(new Report<int>(done =>
            {
                stop.ThrowIfCancellationRequested();
                task.Value = done;
            }));
        });
    }

    /// <summary>The validation table.</summary>
    public void Scores(IReadOnlyDictionary<string, ScoreSummary> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var table = new Table().Title("Validation").AddColumns("scorer", "loss (nats/token)", "bits/byte", "targets", "seconds");
        for (int column = 1; column < table.Columns.Count; column++)
        {
            table.Columns[column].RightAligned();
        }

        foreach (var (name, report) in scores)
        {
            table.AddRow(
                Markup.Escape(name), FormattableString.Invariant($"{report.Loss:F4}"), FormattableString.Invariant($"{report.BitsPerByte:F4}"),
                FormattableString.Invariant($"{report.Targets:N0}"), FormattableString.Invariant($"{report.Seconds:F1}"));
        }

        Write(() => _console.Write(table));
    }

    /// <summary>Scorers one below the other, each compared with the one before.</summary>
    public void Ladder(IReadOnlyList<ScoreReport> reports, IReadOnlyList<ScoreComparison> comparisons) => Write(() => _console.Write(ScoreTable.Ladder(reports, comparisons)));

    /// <summary>What one scoring has gained over another.</summary>
    public void Comparison(ScoreComparison comparison) => Write(() => _console.Write(ScoreTable.Comparison(comparison)));

    /// <summary>What a sweep over test-time training has chosen.</summary>
    public void Choices(TttChoices choices) => Write(() => _console.Write(ScoreTable.Choices(choices)));

    /// <summary>What an audit has found.</summary>
    public void Audit(AuditReport report) => Write(() => _console.Write(AuditTable.Of(report)));

    /// <summary>Where the time went.</summary>
    public void Profile(StepProfile profile, DevicePeak? peak) => Write(() => ProfileTable.Print(_console, profile, peak));

    /// <summary>What each layout would cost.</summary>
    public void Layouts(TokenizedCorpus tokens, RunConfig config) => Write(() => LayoutTable.Print(_console, tokens, config));

    private Progress Progress() => _console.Progress().Columns(
        new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn());

    private static void Write(Action write)
    {
        try
        {
            write();
        }
        catch (IOException fault)
        {
            throw FileFault.Writing("standard output", fault);
        }
    }

    private IRenderable View(RunHistory history) => LiveView.Draw(history, _console.Profile.Width, _console.Profile.Capabilities.Unicode);

    private void TrainLive(LiveDisplayContext context, RunHistory history, Action<Action> train)
    {
        long shown = 0;
        train(() =>
        {
            if (shown == 0 || Stopwatch.GetElapsedTime(shown) >= RefreshInterval)
            {
                context.UpdateTarget(View(history));
                shown = Stopwatch.GetTimestamp();
            }
        });
        context.UpdateTarget(View(history));
    }

    private void TrainPlain(RunHistory history, Action<Action> train)
    {
        long shown = 0;
        train(() =>
        {
            StepMetrics step = history.Latest!.Value;
            if (shown == 0 || Stopwatch.GetElapsedTime(shown) >= LineInterval || step.Step == step.TotalSteps)
            {
                Line(Describe(history, step));
                shown = Stopwatch.GetTimestamp();
            }
        });
    }

    private static string Describe(RunHistory history, in StepMetrics step)
    {
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"step {step.Step}");
        line.Append(CultureInfo.InvariantCulture, $"{(step.TotalSteps > 0 ? $"/{step.TotalSteps}" : "")}, loss {step.Loss:F4}");
        if (history.Validation is { Latest: var validated })
        {
            line.Append(CultureInfo.InvariantCulture, $", held out {validated.ValidationLoss:F4} at step {validated.Step}");
        }

        line.Append(CultureInfo.InvariantCulture, $", {step.TokensPerSecond:N0} tokens/s");
        if (history.ShareOfPeak is { } share)
        {
            line.Append(CultureInfo.InvariantCulture, $", {100 * share:F0}% of peak");
        }

        return history.SecondsLeft is { } left ? $"{line}, {LiveView.Duration(left)} left" : line.ToString();
    }

    /// <summary>Unlike <see cref="Progress{T}"/>, it reports at once and on the caller's thread.</summary>
    private sealed class Report<T>(Action<T> show) : IProgress<T>
    {
        void IProgress<T>.Report(T value) => show(value);
    }
}
