namespace TinyLM;

/// <summary>
/// Every change that a run makes to a disk goes through here, so that a test can let any one of them fail, or stop the world at it.
/// </summary>
internal class FileOperations
{
    public static readonly FileOperations Disk = new();

    /// <summary>A new file; it must not exist yet.</summary>
    public virtual Stream Create(string path) =>
        new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);

    /// <summary>A file that grows at its end; others may read it meanwhile.</summary>
    public virtual Stream Append(string path) =>
        new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);

    /// <summary>Hands everything written to <paramref name="stream"/> to the disk itself, so that it outlives a power failure.</summary>
    public virtual void Flush(Stream stream)
    {
        if (stream is FileStream file)
        {
            file.Flush(flushToDisk: true);
        }
        else
        {
            stream.Flush();
        }
    }

    /// <summary>Puts <paramref name="source"/> in the place of <paramref name="destination"/> in one step.</summary>
    public virtual void Rename(string source, string destination) => File.Move(source, destination, overwrite: true);

    public virtual void Delete(string path) => File.Delete(path);

    public virtual void CreateFolder(string path) => Directory.CreateDirectory(path);

    /// <summary>Removes a folder that is empty by now.</summary>
    public virtual void DeleteFolder(string path) => Directory.Delete(path);
}
