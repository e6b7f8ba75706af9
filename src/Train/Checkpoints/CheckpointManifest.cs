using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>What a checkpoint holds. It is written last: a checkpoint without a manifest does not exist.</summary>
/// <param name="Format">Always <see cref="FormatName"/>.</param>
/// <param name="Version">Always 1.</param>
/// <param name="Step">The training step.</param>
/// <param name="Sequence">Counts the saves to a folder: the newest checkpoint is the one saved last, not the one of the highest
/// step.</param>
/// <param name="Files">The files and what they must contain.</param>
/// <param name="ValidationLoss">Of this step, where it was measured.</param>
internal sealed record CheckpointManifest(
    string Format, int Version, long Step, long Sequence, IReadOnlyList<CheckpointManifest.Entry> Files, double? ValidationLoss = null)
{
    public const string FileName = "manifest.json";
    public const string FormatName = "tinylm-checkpoint";

    private const int LargestFile = 1 << 20;

    /// <param name="Name">The file's name in the checkpoint's folder.</param>
    /// <param name="Length">Its length in bytes.</param>
    /// <param name="Sha256">Its SHA-256 in lower-case hex.</param>
    internal sealed record Entry(string Name, long Length, string Sha256);

    public void Write(Stream stream) => JsonSerializer.Serialize(stream, this, CheckpointJson.Default.CheckpointManifest);

    /// <exception cref="UserException">The manifest cannot be read, is none, or names files outside the folder.</exception>
    public static CheckpointManifest Read(string path)
    {
        CheckpointManifest? manifest;
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > LargestFile)
            {
                throw new UserException($"{path}: has {file.Length} bytes, a checkpoint's manifest has at most {LargestFile}.");
            }

            manifest = JsonSerializer.Deserialize(file, CheckpointJson.Default.CheckpointManifest);
        }
        catch (JsonException fault)
        {
            throw new UserException($"{path}: is not a checkpoint's manifest: {fault.Message}", UserException.Mistake, fault);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }

        if (manifest is not { Format: FormatName, Version: 1, Step: >= 0, Sequence: >= 0 and < long.MaxValue, Files: not null })
        {
            throw new UserException($"{path}: is not a checkpoint's manifest; expected format '{FormatName}', version 1.");
        }

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (Entry entry in manifest.Files)
        {
            if (entry is not { Name: not null, Length: >= 0, Sha256: not null } || !IsPlainName(entry.Name) || !names.Add(entry.Name))
            {
                throw new UserException($"{path}: the entry for file '{entry?.Name}' is not valid; expected plain names, each once, "
                    + "with length and hash.");
            }
        }

        return manifest;
    }

    /// <summary>True for a name that stays inside its folder on every system and is not the manifest's.</summary>
    public static bool IsPlainName(string name) =>
        name.Length is > 0 and <= 200
        && name[0] != '.'
        && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '_')
        && !name.Equals(FileName, StringComparison.OrdinalIgnoreCase);
}

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CheckpointManifest))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
