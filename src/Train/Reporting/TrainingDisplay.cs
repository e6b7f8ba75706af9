using Spectre.Console;

namespace TinyLM;

/// <summary>Shows a run while it goes: a live bar in a terminal, a plain line now and then where output is redirected.</summary>
public sealed class TrainingDisplay
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);
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

    /// <summary>Runs <paramref name="train"/>, which reports each step.</summary>
    public void Train(Action<Action<StepMetrics>> train)
    {
        ArgumentNullException.ThrowIfNull(train);
        if (IsLive)
        {
            Progress().Start(context => TrainLive(context.AddTask("training", maxValue: 1), train));
        }
        else
        {
            TrainPlain(train);
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
    public T Score<T>(string scorer, int targets, Func<IProgress<int>?, T> score)
    {
        ArgumentNullException.ThrowIfNull(score);
        if (!IsLive)
        {
            Line(FormattableString.Invariant($"scoring {targets:N0} held-out tokens: {scorer}"));
            return score(null);
        }

        return Progress().Start(context =>
        {
            ProgressTask task = context.AddTask(Markup.Escape($"scoring, {scorer}"), maxValue: targets);
            return score(new Report<int>(done => task.Value = done));
        });
    }

    /// <summary>The validation table.</summary>
    public void Scores(IReadOnlyDictionary<string, ScoreReport> scores)
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

    private static void TrainLive(ProgressTask task, Action<Action<StepMetrics>> train) => train(step =>
    {
        task.Description = Markup.Escape(Describe(step));
        task.IsIndeterminate = step.TotalSteps == 0;
        if (step.TotalSteps > 0)
        {
            (task.MaxValue, task.Value) = (step.TotalSteps, step.Step);
        }
    });

    private void TrainPlain(Action<Action<StepMetrics>> train)
    {
        DateTime next = DateTime.UtcNow;
        train(step =>
        {
            if (DateTime.UtcNow >= next || step.Step == step.TotalSteps)
            {
                next = DateTime.UtcNow + LineInterval;
                double left = step.TotalSteps > 0 ? (step.TotalSteps - step.Step) * step.Seconds / step.Step : double.NaN;
                Line(Describe(step) + (double.IsNaN(left) ? "" : FormattableString.Invariant($", {left:F0} s left")));
            }
        });
    }

    private static string Describe(in StepMetrics step)
    {
        string total = step.TotalSteps > 0 ? FormattableString.Invariant($"/{step.TotalSteps}") : "";
        return FormattableString.Invariant($"step {step.Step}{total}, loss {step.Loss:F4}, {step.TokensPerSecond:N0} tokens/s");
    }

    /// <summary>Unlike <see cref="Progress{T}"/>, it reports at once and on the caller's thread.</summary>
    private sealed class Report<T>(Action<T> show) : IProgress<T>
    {
        void IProgress<T>.Report(T value) => show(value);
    }
}
