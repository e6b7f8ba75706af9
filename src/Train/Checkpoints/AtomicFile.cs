namespace TinyLM;

/// <summary>
/// Writes a file as a whole or not at all: aside in the same folder, flushed to the disk, then renamed into place. Whatever was there
/// before stays until then, also through a crash or a power failure.
/// </summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes <paramref name="path"/> with what <paramref name="write"/> puts in the stream (forward only: it cannot seek).
    /// </summary>
    /// <exception cref="UserException">The disk is full, or the folder is missing or cannot be written (exit code 1).</exception>
    public static void Write(string path, Action<Stream> write) => Write(path, write, FileOperations.Disk);

    /// <summary>Writes <paramref name="text"/> as UTF-8.</summary>
    /// <inheritdoc cref="Write(string, Action{Stream})"/>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    internal static void Write(string path, Action<Stream> write, FileOperations operations)
    {
        string full = Path.GetFullPath(path);
        string aside = Path.Combine(Path.GetDirectoryName(full) ?? "", $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            WriteNew(aside, write, operations);
            operations.Rename(aside, full);
        }
        catch (Exception fault)
        {
            DeleteQuietly(aside, operations);
            if (FileFault.Is(fault))
            {
                throw FileFault.Writing(path, fault);
            }

            throw;
        }
    }

    /// <summary>Writes a new file and flushes it to the disk.</summary>
    internal static void WriteNew(string path, Action<Stream> write, FileOperations operations)
    {
        using Stream stream = operations.Create(path);
        write(stream);
        operations.Flush(stream);
    }

    private static void DeleteQuietly(string path, FileOperations operations)
    {
        try
        {
            operations.Delete(path);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            // The first fault is the one to report; what lies aside is never taken for the file.
        }
    }
}
