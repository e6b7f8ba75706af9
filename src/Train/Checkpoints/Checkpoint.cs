using System.Security.Cryptography;

namespace TinyLM;

/// <summary>A saved checkpoint: a folder of files, each checked against the manifest's length and SHA-256 whenever it is read.</summary>
public sealed class Checkpoint
{
    private readonly CheckpointManifest _manifest;

    private Checkpoint(string path, CheckpointManifest manifest)
    {
        (FolderPath, _manifest) = (path, manifest);
        FileNames = [.. manifest.Files.Select(entry => entry.Name)];
    }

    /// <summary>The checkpoint's own folder.</summary>
    public string FolderPath { get; }

    /// <summary>The training step that it was saved at.</summary>
    public long Step => _manifest.Step;

    /// <summary>The loss on held-out text after that step, in nats a token; null where it was not measured.</summary>
    public double? ValidationLoss => _manifest.ValidationLoss;

    /// <summary>The names of its files.</summary>
    public IReadOnlyList<string> FileNames { get; }

    internal long Sequence => _manifest.Sequence;

    /// <summary>Opens the checkpoint in the folder <paramref name="path"/>. Reads only its manifest; see <see cref="Verify"/>.</summary>
    /// <exception cref="UserException">There is no such folder, or it is no checkpoint.</exception>
    public static Checkpoint Open(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new UserException(File.Exists(path)
                ? $"{path}: is a file, expected a checkpoint's folder."
                : $"{path}: no such folder; expected a checkpoint's.");
        }

        string manifest = Path.Combine(path, CheckpointManifest.FileName);
        return File.Exists(manifest)
            ? new Checkpoint(path, CheckpointManifest.Read(manifest))
            : throw new UserException($"{path}: is not a checkpoint, or one whose saving was cut short: it has no "
                + $"{CheckpointManifest.FileName}.");
    }

    public bool Contains(string name) => FileNames.Contains(name);

    /// <summary>The length of a file in bytes, as the manifest says; 0 where there is none of that name.</summary>
    internal long LengthOf(string name) => _manifest.Files.FirstOrDefault(file => file.Name == name)?.Length ?? 0;

    /// <summary>Reads a file, checked beforehand; the stream can seek.</summary>
    /// <exception cref="UserException">The checkpoint has no such file, or it is missing, truncated, altered or another
    /// checkpoint's.</exception>
    public T Read<T>(string name, Func<Stream, T> read)
    {
        CheckpointManifest.Entry entry = _manifest.Files.FirstOrDefault(file => file.Name == name)
            ?? throw new UserException($"{FolderPath}: the checkpoint has no file '{name}', only {string.Join(", ", FileNames)}.");
        string path = Path.Combine(FolderPath, name);
        try
        {
            // Nobody may change the file between the check and the reading.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            Check(path, file, entry);
            file.Position = 0;
            return read(file);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    /// <inheritdoc cref="Read{T}"/>
    public void Read(string name, Action<Stream> read) => Read(name, stream =>
    {
        read(stream);
        return true;
    });

    /// <summary>Reads all files and checks them.</summary>
    /// <exception cref="UserException">A file is missing, truncated, altered or another checkpoint's.</exception>
    public void Verify()
    {
        foreach (string name in FileNames)
        {
            Read(name, static _ => { });
        }
    }

    /// <summary>True if all files are there and have the right lengths: quick, but blind to altered bytes.</summary>
    internal bool LooksWhole() => _manifest.Files.All(entry =>
    {
        var file = new FileInfo(Path.Combine(FolderPath, entry.Name));
        return file.Exists && file.Length == entry.Length;
    });

    private static void Check(string path, FileStream file, CheckpointManifest.Entry entry)
    {
        if (file.Length != entry.Length)
        {
            string what = file.Length < entry.Length ? "is truncated" : "is not the file that was saved";
            throw new UserException($"{path}: {what}: it has {file.Length} bytes, the manifest says {entry.Length}; use another "
                + "checkpoint.");
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(file));
        if (!hash.Equals(entry.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new UserException(
                $"{path}: is altered, or another checkpoint's: its SHA-256 is {Shorten(hash)}…, the manifest says "
                + $"{Shorten(entry.Sha256)}…; use another checkpoint.");
        }
    }

    private static string Shorten(string hash) => hash.Length <= 12 ? hash : hash[..12];
}
