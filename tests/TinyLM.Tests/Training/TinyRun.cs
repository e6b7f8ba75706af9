namespace TinyLM.Tests;

/// <summary>A run of a tiny model with all that a run writes, on a disk of the test's choice.</summary>
internal sealed class TinyRun : IDisposable
{
    /// <summary>Checkpoints that are kept: the second save removes the first.</summary>
    public const int Keep = 1;

    private readonly Trainer _trainer;
    private readonly RunRecorder _recorder;
    private readonly CancellationTokenSource _stop = new();

    private TinyRun(RunFolder folder, Trainer trainer)
    {
        (Folder, _trainer) = (folder, trainer);
        _recorder = new RunRecorder(folder, new RunDescription("tiny", [("Model", "tiny")], "{}", PeakFlopsPerSecond: 1e12), trainer.State.Step);
    }

    public RunFolder Folder { get; }

    public RunHistory History => _recorder.History;

    public CancellationToken Stop => _stop.Token;

    /// <summary>Begins a run in a folder, or goes on with the one that it holds.</summary>
    public static TinyRun Begin(string path, Trainer trainer, FileOperations? operations = null)
    {
        bool isResumed = File.Exists(Path.Combine(path, "run.json"));
        RunFolder folder = RunFolder.Open(new PretrainOptions { Out = path, Resume = isResumed, Keep = Keep }, operations ?? FileOperations.Disk);
        folder.Begin(RunConfig.Of("names"));
        if (isResumed && folder.FindCheckpoint(_ => { }) is { } checkpoint)
        {
            TrainingCheckpoint.Resume(checkpoint, trainer);
        }

        return new TinyRun(folder, trainer);
    }

    /// <summary>Saves after every step.</summary>
    public TrainingLoop Loop() => new(_trainer, new ByteTokenizer(), Folder.Checkpoints, _recorder) { SaveSeconds = 0, Probe = null };

    public void StopNow() => _stop.Cancel();

    public void WriteReport() => _recorder.Stop();

    public void Dispose()
    {
        _recorder.Dispose();
        _stop.Dispose();
    }
}
