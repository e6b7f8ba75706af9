namespace TinyLM;

/// <summary>The checkpoint that a user names by its own folder or its run's.</summary>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="RunFolder">The folder of the run that it is of; null where it lies elsewhere.</param>
internal sealed record CheckpointChoice(Checkpoint Checkpoint, string? RunFolder)
{
    private const string Checkpoints = "checkpoints";

    /// <summary>Finds it: of a run the one of the lowest validation loss, or the newest whole one where that was not measured.</summary>
    /// <param name="path">The folder of a checkpoint, of several or of a run.</param>
    /// <param name="report">Told of each damaged checkpoint that is passed over.</param>
    /// <exception cref="UserException">There is none.</exception>
    public static CheckpointChoice Find(string path, Action<string> report)
    {
        if (!Directory.Exists(path) || File.Exists(Path.Combine(path, CheckpointManifest.FileName)))
        {
            var checkpoint = Checkpoint.Open(path);
            string? run = Path.GetDirectoryName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))));
            return new CheckpointChoice(checkpoint, run is not null && TinyLM.RunFolder.HoldsRun(run) ? run : null);
        }

        string inside = Path.Combine(path, Checkpoints);
        var folder = new CheckpointFolder(Directory.Exists(inside) ? inside : path);
        Checkpoint? found = folder.FindBest() ?? folder.FindNewestWhole(report);
        return found is not null
            ? new CheckpointChoice(found, TinyLM.RunFolder.HoldsRun(path) ? path : null)
            : throw new UserException($"--checkpoint: '{path}' holds no checkpoint; expected the folder of one, or of a run that has saved one.");
    }
}
