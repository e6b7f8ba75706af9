using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>The folder of a run: options, metrics, checkpoints, results. A new run never writes into another's.</summary>
public sealed class RunFolder
{
    private const string OptionsFile = "run.json";
    private const string DefaultParent = "runs";

    private RunFolder(string path, bool isResumed)
    {
        (FolderPath, IsResumed) = (path, isResumed);
        Checkpoints = new CheckpointFolder(Path.Combine(path, "checkpoints"));
    }

    public string FolderPath { get; }

    public bool IsResumed { get; }

    public CheckpointFolder Checkpoints { get; }

    /// <summary>Opens the folder that the options name, or a new one under <c>runs</c>, or for a resumed run without a name the newest there.</summary>
    /// <exception cref="UserException">It cannot be written; it holds a run that was not to be resumed; there is nothing to resume.</exception>
    public static RunFolder Open(PretrainOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string path = options.Out ?? (options.Resume ? Newest() : Unused(options.Preset ?? "pretrain-default"));
        bool holdsRun = File.Exists(Path.Combine(path, OptionsFile));
        if (options.Resume && !holdsRun)
        {
            throw new UserException($"--resume: '{path}' holds no run (no {OptionsFile}); name its folder with --out, or leave --resume out to begin one.");
        }

        if (!options.Resume && holdsRun)
        {
            throw new UserException($"--out: '{path}' already holds a run; add --resume to go on with it, or choose another folder.");
        }

        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Writing(path, fault);
        }

        return new RunFolder(path, options.Resume);
    }

    public string PathOf(string file) => Path.Combine(FolderPath, file);

    /// <summary>For a new run, keeps its options; for a resumed one, gives them back, checked against those now given.</summary>
    public PretrainOptions Settle(PretrainOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string path = PathOf(OptionsFile);
        if (!IsResumed)
        {
            options = options with { Text = options.Text is null ? null : Path.GetFullPath(options.Text) };
            AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, options, OptionsJson.Default.PretrainOptions));
            return options;
        }

        try
        {
            using FileStream stream = File.OpenRead(path);
            return options.Over(JsonSerializer.Deserialize(stream, OptionsJson.Default.PretrainOptions) ?? throw new JsonException("it is null"));
        }
        catch (JsonException fault)
        {
            throw new UserException($"{path}: is not a run's options: {fault.Message}", UserException.Mistake, fault);
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
        : Directory.EnumerateFiles(DefaultParent, OptionsFile, SearchOption.AllDirectories)
            .OrderByDescending(File.GetLastWriteTimeUtc).Select(Path.GetDirectoryName).FirstOrDefault()
            ?? throw new UserException($"--resume: '{DefaultParent}' holds no run; name the run's folder with --out.");
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PretrainOptions))]
internal sealed partial class OptionsJson : JsonSerializerContext;
