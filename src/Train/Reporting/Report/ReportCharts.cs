namespace TinyLM;

/// <summary>The charts of a <see cref="RunReport"/>.</summary>
internal sealed class ReportCharts(RunHistory history)
{
    private const int PhaseBuckets = 60;

    /// <summary>A first step that compiles may be cut off: this much above the usual is shown.</summary>
    private const double Headroom = 1.25;

    private static readonly TrainingPhase[] PhasesOfStep = [TrainingPhase.Data, TrainingPhase.Forward, TrainingPhase.Backward, TrainingPhase.Optimizer];

    private readonly IReadOnlyList<HistoryPoint> _points = history.Points;
    private readonly double[] _meanLosses = RunningMean.Of([.. history.Points.Select(point => point.Loss)]);

    public IEnumerable<Chart> All()
    {
        yield return Loss("Loss over tokens", ChartAxisKind.Count, point => point.Tokens, step => step.Tokens);
        yield return Loss("Loss over training time", ChartAxisKind.Seconds, point => point.Seconds, step => step.Seconds);
        yield return new Chart
        {
            Title = "Learning rate",
            Unit = "over steps",
            XKind = ChartAxisKind.Count,
            IsFromZero = true,
            Series = [new ChartSeries("learning rate", "s1", [.. _points.Select(point => ((double)point.Step, point.LearningRate))])],
        };
        yield return GradientNorms();
        yield return Phases();
    }

    private Chart Loss(string title, ChartAxisKind kind, Func<HistoryPoint, double> x, Func<StepMetrics, double> xOfStep) => new()
    {
        Title = title,
        Unit = "nats a token",
        XKind = kind,
        Series =
        [
            new ChartSeries("each step", "s1 faint", [.. _points.Select(point => (x(point), point.Loss))]) { InLegend = false },
            new ChartSeries("training, running mean", "s1", [.. _points.Select((point, i) => (x(point), _meanLosses[i]))]),
            .. history.Validations.Count == 0 ? Array.Empty<ChartSeries>() :
            [
                new ChartSeries("held-out sample", "s8", [.. history.Validations.Select(step => (xOfStep(step), step.ValidationLoss!.Value))]),
            ],
        ],
    };

    /// <summary>The whole, and each layer; those of the blocks lie on a ramp from the first to the last.</summary>
    private Chart GradientNorms()
    {
        string[] layers = [.. history.LayerNorms.SelectMany(step => step.LayerNorms!.Keys).Distinct()];
        string[] blocks = [.. layers.Where(IsBlock)];
        int others = 0;
        return new Chart
        {
            Title = "Gradient norm by layer",
            Unit = "before clipping, over steps",
            XKind = ChartAxisKind.Count,
            YKind = ChartAxisKind.Logarithm,
            Series =
            [
                .. layers.Select(layer =>
                {
                    (double, double)[] points = [.. history.LayerNorms.Select(step => ((double)step.Step, step.LayerNorms!.GetValueOrDefault(layer, double.NaN)))];
                    int place = Array.IndexOf(blocks, layer);
                    return place < 0 ? new ChartSeries(layer, $"o{++others}", points) : new ChartSeries(layer, "ramp", points)
                    {
                        Ramp = blocks.Length > 1 ? (double)place / (blocks.Length - 1) : 1,
                        InLegend = place == 0 || place == blocks.Length - 1,
                    };
                }),
                new ChartSeries("all", "ink", [.. history.LayerNorms.Select(step => ((double)step.Step, step.GradientNorm))]),
            ],
        };
    }

    private static bool IsBlock(string layer) => layer.Contains('.', StringComparison.Ordinal);

    /// <summary>The time of all phases as a bar, and that of the steps themselves over the run: saving and validation are no part of any one step.</summary>
    private Chart Phases()
    {
        (double Step, double[] Milliseconds)[] buckets = [.. Buckets()];
        double[] totals = [.. buckets.Select(bucket => bucket.Milliseconds.Sum()).Order()];
        TrainingPhase[] phases = Enum.GetValues<TrainingPhase>();
        double sum = phases.Sum(history.Phases.Of);
        return new Chart
        {
            Title = "Time by phase",
            Unit = "shares of all, and milliseconds a step",
            XKind = ChartAxisKind.Count,
            IsStacked = true,
            Highest = totals.Length == 0 ? null : Headroom * totals[totals.Length * 9 / 10],
            Shares = sum == 0 ? [] : [.. phases.Select((phase, i) => new ChartShare(Name(phase), $"s{i + 1}", history.Phases.Of(phase) / sum))],
            Series =
            [
                .. PhasesOfStep.Select((phase, i) => new ChartSeries(
                    Name(phase), $"s{i + 1}", [.. buckets.Select(bucket => (bucket.Step, bucket.Milliseconds[i]))]) { InLegend = false }),
            ],
        };
    }

    /// <summary>Means over neighbouring steps.</summary>
    private IEnumerable<(double Step, double[] Milliseconds)> Buckets()
    {
        int count = Math.Min(PhaseBuckets, _points.Count);
        for (int bucket = 0; bucket < count; bucket++)
        {
            int start = bucket * _points.Count / count, end = (bucket + 1) * _points.Count / count;
            PhaseSeconds seconds = default;
            int steps = 0;
            for (int i = start; i < end; i++)
            {
                seconds += _points[i].Phases;
                steps += _points[i].Steps;
            }

            // From the first step to the last, so that the layers fill the chart.
            yield return (count > 1 ? (double)bucket / (count - 1) * _points[^1].Step : _points[^1].Step, [.. PhasesOfStep.Select(phase => 1e3 * seconds.Of(phase) / steps)]);
        }
    }

    private static string Name(TrainingPhase phase) => phase == TrainingPhase.Optimizer ? "optimiser" : $"{phase}".ToLowerInvariant();
}
