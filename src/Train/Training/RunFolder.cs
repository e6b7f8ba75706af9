using System.Text.Json;

namespace TinyLM;

/// <summary>The folder of a run: config, metrics, checkpoints, results. A new run never writes into another's.</summary>
public sealed class RunFolder
{
    private const string ConfigFile = "run.json";
    private const string DefaultParent = "runs";

    private RunFolder(string path, bool isResumed)
    {
        (FolderPath, IsResumed) = (path, isResumed);
        Checkpoints = new CheckpointFolder(Path.Combine(path, "checkpoints"));
    }

    public string FolderPath { get; }

    public bool IsResumed { get; }

    public CheckpointFolder Checkpoints { get; }

    /// <summary>
    /// The folder that the options name, or a new one under <c>runs</c>, or for a resumed run without a name the newest there. Nothing is
    /// written before <see cref="Begin"/>.
    /// </summary>
    /// <exception cref="UserException">It is a file; it holds a run that was not to be resumed; there is nothing to resume.</exception>
    public static RunFolder Open(PretrainOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string path = options.Out ?? (options.Resume ? Newest() : Unused(options.PresetOrDefault));
        if (File.Exists(path))
        {
            throw new UserException($"--out: '{path}' is a file; expected a folder, or a name that is still free.");
        }

        bool holdsRun = File.Exists(Path.Combine(path, ConfigFile));
        if (options.Resume && !holdsRun)
        {
            throw new UserException($"--resume: '{path}' holds no run (no {ConfigFile}); name its folder with --out, or leave --resume out to begin one.");
        }

        if (!options.Resume && holdsRun)
        {
            throw new UserException($"--out: '{path}' already holds a run; add --resume to go on with it, or choose another folder.");
        }

        var folder = new RunFolder(path, options.Resume);
        return options.Resume || folder.Checkpoints.List().Count == 0
            ? folder
            : throw new UserException($"--out: '{path}' holds checkpoints, but no {ConfigFile}; choose another folder.");
    }

    /// <summary>Where tokenized corpora are kept unless told otherwise: beside the run, so that the next one finds them.</summary>
    public string DefaultCache => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(FolderPath)) ?? FolderPath, "token-cache");

    public string PathOf(string file) => Path.Combine(FolderPath, file);

    /// <summary>The config of a resumed run, checked against what the options ask for; or that of a new one.</summary>
    /// <exception cref="UserException">The options ask for another run than the one that is resumed, or for what cannot be.</exception>
    public RunConfig Config(PretrainOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!IsResumed)
        {
            return options.CreateConfig();
        }

        RunConfig saved = ReadConfig();
        return options.Preset is null || options.Preset == saved.Preset
            ? saved.Resumed(options.Settings())
            : throw new UserException(
                $"--preset: the run was begun with {saved.Preset}, not {options.Preset}; leave it out to go on, or begin a new run in another folder.");
    }

    /// <summary>Creates the folder of a new run, with its config.</summary>
    /// <exception cref="UserException">It cannot be written.</exception>
    public void Begin(RunConfig config)
    {
        if (IsResumed)
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(FolderPath);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Writing(FolderPath, fault);
        }

        AtomicFile.Write(PathOf(ConfigFile), stream => JsonSerializer.Serialize(stream, config, TrainingJson.Default.RunConfig));
    }

    /// <summary>The newest whole checkpoint, or null for a run that was stopped before its first.</summary>
    /// <param name="report">Told of each damaged checkpoint that is passed over.</param>
    /// <exception cref="UserException">There are checkpoints, but none is whole.</exception>
    public Checkpoint? FindCheckpoint(Action<string> report)
    {
        var faults = new List<string>();
        Checkpoint? checkpoint = Checkpoints.FindNewestWhole(faults.Add);
        if (checkpoint is null && faults.Count > 0)
        {
            throw new UserException($"--resume: no checkpoint is whole. {faults[0]} To begin anew, choose another folder.");
        }

        faults.ForEach(report);
        return checkpoint;
    }

    private RunConfig ReadConfig()
    {
        string path = PathOf(ConfigFile);
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, TrainingJson.Default.RunConfig) ?? throw new JsonException("it is null");
        }
        catch (JsonException fault)
        {
            throw new UserException($"{path}: is not a run's config: {fault.Message}", UserException.Mistake, fault);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    private static string Unused(string name)
    {
        string path = Path.Combine(DefaultParent, name);
        for (int number = 2; Directory.Exists(path); number++)
        {
            path = Path.Combine(DefaultParent, $"{name}-{number}");
        }

        return path;
    }

    private static string Newest() => !Directory.Exists(DefaultParent)
        ? throw new UserException($"--resume: there is no folder '{DefaultParent}' here; name the run's folder with --out.")
        : Directory.EnumerateFiles(DefaultParent, ConfigFile, SearchOption.AllDirectories)
            .OrderByDescending(File.GetLastWriteTimeUtc).Select(Path.GetDirectoryName).FirstOrDefault()
            ?? throw new UserException($"--resume: '{DefaultParent}' holds no run; name the run's folder with --out.");
}
