using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>
/// Runs the points of a grid of settings, each with several seeds, and ranks them. Each run has a folder of its own, so a sweep that was stopped
/// goes on where it was, and one that is asked for more points runs only those.
/// </summary>
public static class Sweep
{
    public const string ResultsFile = "sweep.json";

    /// <summary>Runs what has not been run yet.</summary>
    /// <param name="options">What all runs share. <see cref="PretrainOptions.Set"/> is the grid: <c>path=value,value</c>; <see cref="PretrainOptions.Seed"/> is the first seed.</param>
    /// <param name="seeds">Runs of each point.</param>
    /// <param name="score">What is ranked by, as <see cref="RunResults.Validation"/> names it: packed, strided.</param>
    /// <param name="report">Told of each run and its loss.</param>
    /// <param name="stop">Ends it after the running step, with a checkpoint.</param>
    /// <returns>The best first; null where it was stopped early.</returns>
    /// <exception cref="UserException">Something that the user can mend. A run that diverges ends only itself.</exception>
    public static IReadOnlyList<SweepRow>? Run(PretrainOptions options, int seeds, string score, Action<string> report, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(report);
        string folder = options.Out ?? throw new UserException("--out: expected a folder for the runs of the sweep.");
        if (seeds < 1)
        {
            throw new UserException($"--seeds: {seeds}, expected at least 1.");
        }

        IReadOnlyList<GridPoint> points = Grid(options.Set);
        options = options with { Cache = options.Cache ?? Path.Combine(folder, "token-cache") };
        foreach (GridPoint point in points)
        {
            // A mistake in the last point should not wait for the runs before it.
            (options with { Set = point.All }).CreateConfig().Validate();
        }

        var rows = new List<SweepRow>();
        foreach (GridPoint point in points)
        {
            var results = new List<RunResults?>();
            for (int i = 0; i < seeds; i++)
            {
                ulong seed = (options.Seed ?? 1) + (ulong)i;
                string path = Path.Combine(folder, point.FolderName, $"seed-{seed}");
                report($"run {rows.Count * seeds + i + 1} of {points.Count * seeds}: {path}");
                results.Add(RunOne(options with { Set = point.All, Seed = seed, Out = path }, report, stop));
                if (stop.IsCancellationRequested)
                {
                    return null;
                }

                report(FormattableString.Invariant($"  {score}: {LossOf(results[^1], score):F4}"));
            }

            rows.Add(new SweepRow(point.Varied, [.. results.Select(result => LossOf(result, score))], results.Average(result => result?.Seconds ?? double.NaN)));
        }

        SweepRow[] ranked = [.. rows.OrderBy(row => double.IsNaN(row.Mean)).ThenBy(row => row.Mean)];
        AtomicFile.Write(Path.Combine(folder, ResultsFile), stream => JsonSerializer.Serialize(stream, ranked, SweepJson.Default.SweepRowArray));
        return ranked;
    }

    /// <summary>The results of a run, from its folder where it has ended before; null if it diverged or was stopped.</summary>
    private static RunResults? RunOne(PretrainOptions options, Action<string> report, CancellationToken stop)
    {
        options = options with { Resume = RunFolder.HoldsRun(options.Out!) };
        RunFolder folder = RunFolder.Open(options);
        folder.Config(options).Validate();
        if (folder.ReadResults() is { } results)
        {
            return results;
        }

        try
        {
            return PretrainRun.Execute(options, TrainingDisplay.Silent, stop);
        }
        catch (UserException fault) when (fault.ExitCode == UserException.World)
        {
            report($"  {fault.Message}");
            return null;
        }
    }

    private static double LossOf(RunResults? results, string score) => results is null ? double.NaN
        : results.Validation.TryGetValue(score, out ScoreSummary? found) ? found.Loss
        : throw new UserException($"--by: '{score}' is unknown; known: {string.Join("; ", results.Validation.Keys)}.");

    /// <summary>All combinations, the last field varying fastest.</summary>
    private static IReadOnlyList<GridPoint> Grid(IReadOnlyList<string> set)
    {
        IEnumerable<GridPoint> points = [new([], [])];
        foreach (string text in set)
        {
            Setting axis = Setting.Parse(text);
            string[] values = axis.Value.Split(',');
            points = points.SelectMany(point => values.Select(value => point.With($"{axis.Path}={value.Trim()}", isVaried: values.Length > 1)));
        }

        return [.. points];
    }

    /// <param name="All">Every setting of the point.</param>
    /// <param name="Varied">Those of the fields that have several values in the grid.</param>
    private sealed record GridPoint(IReadOnlyList<string> All, IReadOnlyList<string> Varied)
    {
        public string FolderName => Varied.Count == 0
            ? "all"
            : string.Join('_', Varied.Select(setting => setting[(setting.LastIndexOf('.', setting.IndexOf('=', StringComparison.Ordinal)) + 1)..])).Replace(':', '-').Replace(' ', '-');

        public GridPoint With(string setting, bool isVaried) => new([.. All, setting], isVaried ? [.. Varied, setting] : Varied);
    }
}

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(SweepRow[]))]
internal sealed partial class SweepJson : JsonSerializerContext;
