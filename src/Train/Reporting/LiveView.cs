using Spectre.Console;
using Spectre.Console.Rendering;

namespace TinyLM;

/// <summary>What a terminal shows of a run while it is trained: a bar, the loss with a sparkline, validation, speed, the newest checkpoint.</summary>
internal static class LiveView
{
    private const int LabelWidth = 10;

    /// <param name="history">Of the run.</param>
    /// <param name="width">Characters of a line.</param>
    /// <param name="isUnicode">Whether the terminal shows bars and blocks.</param>
    public static IRenderable Draw(RunHistory history, int width, bool isUnicode)
    {
        if (history.Latest is not { } step)
        {
            return new Markup($"[grey]{"training",-LabelWidth}[/]the first step …");
        }

        var lines = new List<IRenderable>
        {
            Bar(history, step, width, isUnicode),
            Line("loss", Loss(history, step, width, isUnicode)),
        };
        if (history.Validation is { } validation)
        {
            lines.Add(Line("held out", Validation(validation.Latest, validation.Best)));
        }

        lines.Add(Line("speed", Speed(history, step)));
        lines.Add(Line("saved", history.SavedStep is { } saved ? Text($"step {saved:N0}") : "[grey]not yet[/]"));
        return new Rows(lines);
    }

    /// <summary>Whole seconds as people read them: 42 s, 3:07, 1:02:45.</summary>
    internal static string Duration(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Ceiling(Math.Min(seconds, TimeSpan.MaxValue.TotalSeconds / 2)));
        return time.TotalSeconds < 60 ? Text($"{time.TotalSeconds:F0} s")
            : time.TotalHours < 1 ? Text($"{time.Minutes}:{time.Seconds:D2}")
            : Text($"{(long)time.TotalHours}:{time.Minutes:D2}:{time.Seconds:D2}");
    }

    private static Markup Bar(RunHistory history, in StepMetrics step, int width, bool isUnicode)
    {
        string count = step.TotalSteps > 0 ? Text($"{100.0 * step.Step / step.TotalSteps,3:F0}%  step {step.Step:N0} of {step.TotalSteps:N0}") : Text($"step {step.Step:N0}");
        string left = history.SecondsLeft is { } seconds ? $"  {Duration(seconds)} left" : "";
        int room = Math.Max(0, width - LabelWidth - count.Length - left.Length - 2);
        int done = step.TotalSteps > 0 ? (int)(room * step.Step / step.TotalSteps) : 0;
        (char full, char empty) = isUnicode ? ('━', '─') : ('#', '-');
        return Line("training", $"[green]{new string(full, done)}[/][grey]{new string(empty, room - done)}[/]  {count}[grey]{left}[/]");
    }

    private static string Loss(RunHistory history, in StepMetrics step, int width, bool isUnicode)
    {
        string loss = Text($"{step.Loss:F4}");
        int room = width - LabelWidth - loss.Length - 3;
        return isUnicode ? $"[bold]{loss}[/]  [blue]{Sparkline.Draw([.. history.Points.Select(point => point.Loss)], room)}[/]" : $"[bold]{loss}[/]";
    }

    private static string Validation(in StepMetrics latest, in StepMetrics best) =>
        Text($"[bold]{latest.ValidationLoss:F4}[/] at step {latest.Step:N0}")
        + (best.Step == latest.Step ? "[grey], the best so far[/]" : Text($"[grey], best {best.ValidationLoss:F4} at step {best.Step:N0}[/]"));

    private static string Speed(RunHistory history, in StepMetrics step) =>
        Text($"[bold]{step.TokensPerSecond:N0}[/] tokens/s")
        + (history.ShareOfPeak is { } share ? Text($"  {100 * share:F0}% of peak") : "")
        + Text($"[grey]  rate {step.LearningRate:0.0e0}  gradient {step.GradientNorm:F2}[/]");

    private static Markup Line(string label, string markup) => new($"[grey]{label,-LabelWidth}[/]{markup}");

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
