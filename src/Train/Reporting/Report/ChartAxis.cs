namespace TinyLM;

/// <summary>One axis of a chart: its range, its ticks, and the place of a value on it.</summary>
internal sealed class ChartAxis
{
    /// <summary>A step may be so much smaller than asked for: rather a tick more than too few.</summary>
    private const double NiceEnough = 0.8;

    /// <summary>A rate that peaks a hair below a round number has its tick there.</summary>
    private const double TickTolerance = 0.02;

    private static readonly double[] TimeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
    private readonly ChartAxisKind _kind;

    private ChartAxis(ChartAxisKind kind, double low, double high, IReadOnlyList<double> ticks)
    {
        (_kind, Low, High, Ticks) = (kind, low, high, ticks);
    }

    public double Low { get; }

    public double High { get; }

    public IReadOnlyList<double> Ticks { get; }

    /// <summary>An axis that shows all from the lowest value to the highest.</summary>
    /// <param name="kind">What it counts.</param>
    /// <param name="low">The lowest value.</param>
    /// <param name="high">The highest.</param>
    /// <param name="tickCount">About how many ticks it gets.</param>
    public static ChartAxis Over(ChartAxisKind kind, double low, double high, int tickCount)
    {
        if (kind == ChartAxisKind.Logarithm)
        {
            return Decades(low, high);
        }

        if (!(high > low))
        {
            high = low + Math.Max(Math.Abs(low), 1) * 1e-3;
        }

        double step = kind == ChartAxisKind.Seconds ? TimeStep((high - low) / tickCount) : NiceStep((high - low) / tickCount);
        if (kind == ChartAxisKind.Count)
        {
            step = Math.Max(1, step);
        }

        var ticks = new List<double>();
        for (double index = Math.Ceiling(low / step - 1e-9); index * step <= high + TickTolerance * step; index++)
        {
            // Not a negative zero.
            ticks.Add(index * step + 0.0);
        }

        return new ChartAxis(kind, low, high, ticks);
    }

    /// <summary>From 0 at the low end to 1 at the high one.</summary>
    public double Place(double value) => _kind == ChartAxisKind.Logarithm
        ? (Math.Log(Math.Max(value, double.Epsilon)) - Math.Log(Low)) / (Math.Log(High) - Math.Log(Low))
        : (value - Low) / (High - Low);

    public string Label(double value) => _kind switch
    {
        ChartAxisKind.Seconds => value == 0 ? "0" : LiveView.Duration(value),
        ChartAxisKind.Count => Short(value),
        _ when value == 0 => "0",
        ChartAxisKind.Number when Math.Abs(High) is < 1e-2 or >= 1e5 => Text($"{value:0.##e0}"),
        _ => Text($"{value:0.######}"),
    };

    /// <summary>A large number in a few characters: 950, 12.5k, 3.2M, 1.1B.</summary>
    public static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e9 => Text($"{value / 1e9:0.##}B"),
        >= 1e6 => Text($"{value / 1e6:0.##}M"),
        >= 1e4 => Text($"{value / 1e3:0.#}k"),
        _ => Text($"{value:#,0.##}"),
    };

    private static ChartAxis Decades(double low, double high)
    {
        (low, high) = (Math.Max(low, 1e-12), Math.Max(high, 1e-12));
        double first = Math.Pow(10, Math.Floor(Math.Log10(low))), last = Math.Pow(10, Math.Ceiling(Math.Log10(high) + 1e-9));
        double[] parts = last / first > 2000 ? [1] : last / first > 20 ? [1, 3] : [1, 2, 5];
        var candidates = new List<double>();
        for (double decade = first; decade <= last; decade *= 10)
        {
            candidates.AddRange(parts.Select(part => part * decade));
        }

        // The ends are the ticks around the values, so that a chart of a narrow range is not mostly empty.
        low = candidates.LastOrDefault(tick => tick <= low * 1.0001, low);
        high = candidates.FirstOrDefault(tick => tick >= high * 0.9999, high);
        high = high > low ? high : low * 10;
        return new ChartAxis(ChartAxisKind.Logarithm, low, high, [.. candidates.Where(tick => tick >= low * 0.999 && tick <= high * 1.001)]);
    }

    private static double NiceStep(double atLeast)
    {
        double decade = Math.Pow(10, Math.Floor(Math.Log10(atLeast)));
        return new[] { 1, 2, 2.5, 5, 10 }.First(part => part * decade >= atLeast * NiceEnough) * decade;
    }

    private static double TimeStep(double atLeast) => atLeast < 1 ? NiceStep(atLeast)
        : TimeSteps.FirstOrDefault(step => step >= atLeast, NiceStep(atLeast / 86400) * 86400);

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
