using System.Globalization;
using System.Text.RegularExpressions;

namespace TinyLM;

/// <summary>
/// A run's checkpoints: a folder of subfolders <c>step-000123</c>; the newest few and the one of the lowest validation loss are kept. At any moment, also if the process
/// is killed or the power fails, the folder holds the newest checkpoint whose saving ended, or the one before:
/// <list type="number">
/// <item>files are written to a subfolder that did not exist, each flushed to the disk;</item>
/// <item>the manifest with their lengths and hashes is renamed into it: from now on, and not before, the checkpoint exists;</item>
/// <item>only then are older ones removed, their manifest first.</item>
/// </list>
/// What a killed process leaves is a subfolder without a manifest: nobody takes it for a checkpoint, and the next save removes it.
/// Nothing else in the folder is touched. A folder belongs to one run at a time.
/// </summary>
public sealed partial class CheckpointFolder
{
    /// <summary>How many checkpoints are kept unless told otherwise.</summary>
    public const int DefaultKeepCount = 2;

    private readonly int _keepCount;
    private readonly FileOperations _operations;

    /// <param name="path">The folder; it need not exist before the first save.</param>
    /// <param name="keepCount">How many of the newest checkpoints to keep, at least 1.</param>
    /// <exception cref="UserException">The path is a file's, or fewer than one checkpoint is to be kept.</exception>
    public CheckpointFolder(string path, int keepCount = DefaultKeepCount) : this(path, keepCount, FileOperations.Disk)
    {
    }

    internal CheckpointFolder(string path, int keepCount, FileOperations operations)
    {
        if (keepCount < 1)
        {
            throw new UserException($"Checkpoints: {keepCount} are to be kept, expected at least 1.");
        }

        if (File.Exists(path))
        {
            throw new UserException($"{path}: is a file, expected a folder for checkpoints.");
        }

        (FolderPath, _keepCount, _operations) = (path, keepCount, operations);
    }

    public string FolderPath { get; }

    /// <summary>Saves a checkpoint and removes those that are older than the newest few, but for the best.</summary>
    /// <param name="step">The training step.</param>
    /// <param name="files">What it holds.</param>
    /// <param name="validationLoss">On held-out text after that step, in nats a token; null where it was not measured.</param>
    /// <returns>The checkpoint.</returns>
    /// <exception cref="UserException">The disk is full or the folder cannot be written (exit code 1). Older checkpoints are
    /// untouched.</exception>
    /// <exception cref="ArgumentException">The step is negative; or the files' names are not plain, or not all different.</exception>
    public Checkpoint Save(long step, IReadOnlyList<CheckpointFile> files, double? validationLoss = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        CheckNames(files);
        try
        {
            _operations.CreateFolder(FolderPath);
            RemoveLeftovers();
            IReadOnlyList<Checkpoint> earlier = List();
            Checkpoint saved = Checkpoint.Open(WriteNew(step, earlier.Count > 0 ? earlier[0].Sequence + 1 : 1, files, validationLoss));
            RemoveOld([saved, .. earlier]);
            return saved;
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Writing(FolderPath, fault);
        }
    }

    /// <summary>
    /// The checkpoint that was saved last and whose every file has the right hash, or null. Damaged ones are passed over, with a line
    /// about each to <paramref name="report"/>.
    /// </summary>
    public Checkpoint? FindNewestWhole(Action<string>? report = null)
    {
        foreach (Checkpoint checkpoint in List(report))
        {
            try
            {
                checkpoint.Verify();
                return checkpoint;
            }
            catch (UserException fault)
            {
                report?.Invoke(fault.Message);
            }
        }

        return null;
    }

    /// <summary>The checkpoint of the lowest validation loss, or null where none was measured. Its files are checked when they are read.</summary>
    public Checkpoint? FindBest() => BestOf(List().Where(checkpoint => checkpoint.LooksWhole()));

    /// <summary>All checkpoints that have a readable manifest, the one saved last first.</summary>
    public IReadOnlyList<Checkpoint> List(Action<string>? report = null)
    {
        var checkpoints = new List<Checkpoint>();
        foreach (string path in Subfolders())
        {
            if (!File.Exists(Path.Combine(path, CheckpointManifest.FileName)))
            {
                continue;
            }

            try
            {
                checkpoints.Add(Checkpoint.Open(path));
            }
            catch (UserException fault)
            {
                report?.Invoke(fault.Message);
            }
        }

        return [.. checkpoints.OrderByDescending(checkpoint => checkpoint.Sequence).ThenByDescending(checkpoint => checkpoint.Step)];
    }

    private string WriteNew(long step, long sequence, IReadOnlyList<CheckpointFile> files, double? validationLoss)
    {
        string path = UnusedPath(step);
        _operations.CreateFolder(path);
        try
        {
            var entries = new List<CheckpointManifest.Entry>();
            foreach (CheckpointFile file in files)
            {
                AtomicFile.WriteNew(Path.Combine(path, file.Name), stream => entries.Add(WriteHashed(stream, file)), _operations);
            }

            var manifest = new CheckpointManifest(
                CheckpointManifest.FormatName, 1, step, sequence, entries, validationLoss is { } loss && double.IsFinite(loss) ? loss : null);
            AtomicFile.Write(Path.Combine(path, CheckpointManifest.FileName), manifest.Write, _operations);
            return path;
        }
        catch
        {
            // The disk may be full: give the room back now, not at the next save.
            TryRemove(path);
            throw;
        }
    }

    private static CheckpointManifest.Entry WriteHashed(Stream stream, CheckpointFile file)
    {
        using var hashing = new HashingStream(stream);
        file.Write(hashing);
        return new CheckpointManifest.Entry(file.Name, hashing.Length, hashing.Hash());
    }

    /// <summary>A step that is saved again gets a name of its own: nothing is ever written over.</summary>
    private string UnusedPath(long step)
    {
        string path = Path.Combine(FolderPath, string.Create(CultureInfo.InvariantCulture, $"step-{step:D6}"));
        for (int again = 2; Path.Exists(path); again++)
        {
            path = Path.Combine(FolderPath, string.Create(CultureInfo.InvariantCulture, $"step-{step:D6}-{again}"));
        }

        return path;
    }

    private void RemoveOld(IReadOnlyList<Checkpoint> all)
    {
        // Damaged ones do not count, and stay for the user to look at.
        Checkpoint[] whole = [.. all.Where(checkpoint => checkpoint.LooksWhole())];
        Checkpoint? best = BestOf(whole);
        foreach (Checkpoint checkpoint in whole.Skip(_keepCount).Where(checkpoint => checkpoint != best))
        {
            TryRemove(checkpoint.FolderPath);
        }
    }

    /// <summary>Of equals the one saved last: a run that was resumed has saved a step again.</summary>
    private static Checkpoint? BestOf(IEnumerable<Checkpoint> newestFirst) =>
        newestFirst.Where(checkpoint => checkpoint.ValidationLoss is not null).MinBy(checkpoint => checkpoint.ValidationLoss);

    private void RemoveLeftovers()
    {
        foreach (string path in Subfolders())
        {
            if (!File.Exists(Path.Combine(path, CheckpointManifest.FileName)))
            {
                TryRemove(path);
            }
        }
    }

    /// <summary>
    /// Removes a checkpoint, its manifest first, so that one that is half removed is none. What cannot be removed stays for the
    /// next save.
    /// </summary>
    private void TryRemove(string path)
    {
        try
        {
            string manifest = Path.Combine(path, CheckpointManifest.FileName);
            if (File.Exists(manifest))
            {
                _operations.Delete(manifest);
            }

            foreach (string file in Directory.GetFiles(path))
            {
                _operations.Delete(file);
            }

            _operations.DeleteFolder(path);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
        }
    }

    private List<string> Subfolders()
    {
        try
        {
            return Directory.Exists(FolderPath)
                ? [.. Directory.GetDirectories(FolderPath)
                    .Where(path => FolderName().IsMatch(Path.GetFileName(path)))
                    .Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(FolderPath, fault);
        }
    }

    private static void CheckNames(IReadOnlyList<CheckpointFile> files)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (CheckpointFile file in files)
        {
            if (!CheckpointManifest.IsPlainName(file.Name) || !names.Add(file.Name))
            {
                throw new ArgumentException($"Checkpoint: '{file.Name}' cannot be a file's name in it; expected letters, digits, '.', "
                    + "'-' and '_', each name once.");
            }
        }
    }

    [GeneratedRegex(@"^step-[0-9]{6,19}(-[0-9]{1,9})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex FolderName();
}
