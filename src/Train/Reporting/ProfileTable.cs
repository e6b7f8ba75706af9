using Spectre.Console;

namespace TinyLM;

/// <summary>A <see cref="StepProfile"/> as people read it.</summary>
public static class ProfileTable
{
    /// <summary>Prints a row an op and pass, the most expensive first, all figures a step.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="profile">What was measured.</param>
    /// <param name="peak">Of the device; null: shares of it are left out.</param>
    public static void Print(IAnsiConsole console, StepProfile profile, DevicePeak? peak)
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(profile);
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = Math.Max(console.Profile.Width, 160);
        }

        if (profile.StepCount == 0)
        {
            console.WriteLine("profile: no step after the warm-up; take more steps.");
            return;
        }

        double steps = profile.StepCount, seconds = profile.Seconds;
        var table = new Table().Border(TableBorder.Simple).Title(Text($"Profile of {profile.StepCount} steps, {1e3 * seconds / steps:F2} ms each"))
            .AddColumns("op", "pass", "calls", "ms", "share", "MB", "GB/s", "GFLOP/s", "of peak", "bound by");
        for (int column = 2; column < table.Columns.Count - 1; column++)
        {
            table.Columns[column].RightAligned();
        }

        foreach (ProfileRow row in profile.Rows)
        {
            (string share, string bound) = OfPeak(row, peak);
            table.AddRow(
                Markup.Escape(row.Work), row.Phase == ProfilePhase.Other ? "" : $"{row.Phase}".ToLowerInvariant(), Text($"{row.Calls / steps:0.#}"),
                Text($"{1e3 * row.Seconds / steps:F3}"), Text($"{row.Seconds / seconds:P1}"), Rate(row.Bytes, steps * 1e6), Rate(row.Bytes, row.Seconds * 1e9),
                Rate(row.Flops, row.Seconds * 1e9), share, bound);
        }

        table.AddRow("all", "", "", Text($"{1e3 * seconds / steps:F3}"), "", "", "", Rate(profile.Rows.Sum(row => row.Flops), seconds * 1e9),
            peak is { } best ? Text($"{profile.Rows.Sum(row => row.Flops) / seconds / best.FlopsPerSecond:P0}") : "", peak is null ? "" : "arithmetic");
        console.Write(table);
        if (peak is { } measured)
        {
            console.WriteLine(Text(
                $"peak, measured: {measured.FlopsPerSecond / 1e9:F0} GFLOP/s of multiply-adds, {measured.BytesPerSecond / 1e9:F1} GB/s of a large copy; more than 100% of that comes from a cache."));
        }
    }

    /// <summary>The larger of the two shares: what bounds the op.</summary>
    private static (string Share, string Bound) OfPeak(in ProfileRow row, DevicePeak? peak)
    {
        if (peak is not { } best || row.Seconds == 0 || (row.Bytes == 0 && row.Flops == 0))
        {
            return ("", "");
        }

        double arithmetic = row.Flops / row.Seconds / best.FlopsPerSecond, memory = row.Bytes / row.Seconds / best.BytesPerSecond;
        return (Text($"{Math.Max(arithmetic, memory):P0}"), arithmetic > memory ? "arithmetic" : "memory");
    }

    private static string Rate(double amount, double divisor) => amount == 0 ? "" : Text($"{amount / divisor:F1}");

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
