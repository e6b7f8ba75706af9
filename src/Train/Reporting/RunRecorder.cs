using System.Diagnostics;

namespace TinyLM;

/// <summary>What a run writes while it goes: <c>metrics.jsonl</c>, TensorBoard's events, and <c>report.html</c> every few seconds.</summary>
internal sealed class RunRecorder : IDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);
    private readonly RunFolder _folder;
    private readonly RunReport _report;
    private readonly MetricsLog _metrics;
    private readonly TensorBoardLog _tensorBoard;
    private long _reported = long.MinValue;

    /// <param name="folder">Of the run.</param>
    /// <param name="description">Heads the report.</param>
    /// <param name="lastStep">Steps that are kept of an earlier part of the run; 0 for a new one.</param>
    /// <exception cref="UserException">A file cannot be written.</exception>
    public RunRecorder(RunFolder folder, RunDescription description, long lastStep)
    {
        History = new RunHistory { PeakFlopsPerSecond = description.PeakFlopsPerSecond, SavedStep = lastStep > 0 ? lastStep : null };
        (_folder, _report) = (folder, new RunReport(description, History));
        _metrics = new MetricsLog(folder.PathOf("metrics.jsonl"), lastStep, step => History.Add(step), folder.Operations);
        _tensorBoard = new TensorBoardLog(folder.PathOf("tensorboard"), lastStep, folder.Operations);
    }

    public RunHistory History { get; }

    public void Add(in StepMetrics step)
    {
        _metrics.Add(step);
        _tensorBoard.Add(step);
        History.Add(step);
        if (_reported == long.MinValue || Stopwatch.GetElapsedTime(_reported) >= ReportInterval)
        {
            WriteReport(RunStatus.Running);
        }
    }

    /// <summary>Hands all steps so far to the disk: before the checkpoint that they belong to.</summary>
    public void Flush()
    {
        _metrics.Flush();
        _tensorBoard.Flush();
    }

    public void Saved(long step) => History.SavedStep = step;

    /// <summary>The report of a run that goes no further for now.</summary>
    public void Stop() => WriteReport(RunStatus.Stopped);

    /// <summary>The report of a run that is at its end.</summary>
    public void Finish(RunResults results)
    {
        _report.Results = results;
        WriteReport(RunStatus.Finished);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _tensorBoard.Dispose();
    }

    private void WriteReport(RunStatus status)
    {
        AtomicFile.Write(_folder.PathOf("report.html"), stream => _report.Write(stream, status), _folder.Operations);
        _reported = Stopwatch.GetTimestamp();
    }
}
