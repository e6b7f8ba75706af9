using System.Text.Json;

namespace TinyLM;

/// <summary><c>metrics.jsonl</c>: a line a step. On resume, lines of steps that will be taken again are dropped.</summary>
public sealed class MetricsLog : IDisposable
{
    /// <summary>No line of ours is as long; what is, ends the list.</summary>
    private const int LongestLine = 1 << 20;

    private readonly GrowingFile _file;

    /// <param name="path">The file.</param>
    /// <param name="lastStep">Steps that are kept of an earlier part of the run; 0 for a new one.</param>
    /// <param name="kept">Told of each of them.</param>
    /// <exception cref="UserException">The file cannot be read or written.</exception>
    public MetricsLog(string path, long lastStep, Action<StepMetrics>? kept = null) : this(path, lastStep, kept, FileOperations.Disk)
    {
    }

    internal MetricsLog(string path, long lastStep, Action<StepMetrics>? kept, FileOperations operations)
    {
        AtomicFile.Write(path, stream => Keep(path, stream, lastStep, kept), operations);
        _file = new GrowingFile(path, operations);
    }

    /// <inheritdoc cref="GrowingFile.Write"/>
    public void Add(in StepMetrics step) => _file.Write(Line(step));

    /// <inheritdoc cref="GrowingFile.Flush"/>
    public void Flush() => _file.Flush();

    public void Dispose() => _file.Dispose();

    private static byte[] Line(in StepMetrics step) => [.. JsonSerializer.SerializeToUtf8Bytes(step, MetricsJson.Default.StepMetrics), (byte)'\n'];

    private static void Keep(string path, Stream target, long lastStep, Action<StepMetrics>? kept)
    {
        if (lastStep == 0 || !File.Exists(path))
        {
            return;
        }

        foreach (StepMetrics step in Read(path).TakeWhile(step => step.Step <= lastStep))
        {
            target.Write(Line(step));
            kept?.Invoke(step);
        }
    }

    /// <summary>The lines of a file, one at a time; one that a kill cut short, or that is none of ours, ends the list.</summary>
    /// <exception cref="UserException">The file cannot be read.</exception>
    public static IEnumerable<StepMetrics> Read(string path)
    {
        using FileStream file = Open(path);
        var buffer = new byte[LongestLine];
        int filled = 0, start = 0;
        while (true)
        {
            int length = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                if (Parse(buffer.AsSpan(start, length)) is not { } step)
                {
                    yield break;
                }

                yield return step;
                start += length + 1;
                continue;
            }

            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            (filled, start) = (filled - start, 0);
            int read = ReadMore(path, file, buffer, filled);
            if (read == 0)
            {
                yield break;
            }

            filled += read;
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    /// <returns>0 at the end of the file, and where the buffer is full of one line.</returns>
    private static int ReadMore(string path, FileStream file, byte[] buffer, int filled)
    {
        try
        {
            return file.Read(buffer, filled, buffer.Length - filled);
        }
        catch (IOException fault)
        {
            throw FileFault.Reading(path, fault);
        }
    }

    private static StepMetrics? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, MetricsJson.Default.StepMetrics);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
