using System.Text.Json;

namespace TinyLM;

/// <summary><c>metrics.jsonl</c>: a line a step. On resume, lines of steps that will be taken again are dropped.</summary>
public sealed class MetricsLog : IDisposable
{
    private readonly StreamWriter _writer;
    private readonly string _path;
    private readonly List<StepMetrics> _steps = [];

    /// <param name="path">The file.</param>
    /// <param name="lastStep">Steps that are kept of an earlier part of the run; 0 for a new one.</param>
    public MetricsLog(string path, long lastStep)
    {
        _path = path;
        if (lastStep > 0 && File.Exists(path))
        {
            _steps.AddRange(Read(path).Where(step => step.Step <= lastStep));
        }

        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            foreach (StepMetrics step in _steps)
            {
                writer.WriteLine(Line(step));
            }
        });
        try
        {
            _writer = new StreamWriter(path, append: true);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Writing(path, fault);
        }
    }

    /// <summary>All steps of the run so far.</summary>
    public IReadOnlyList<StepMetrics> Steps => _steps;

    public void Add(in StepMetrics step)
    {
        _steps.Add(step);
        try
        {
            _writer.WriteLine(Line(step));
        }
        catch (IOException fault)
        {
            throw FileFault.Writing(_path, fault);
        }
    }

    /// <summary>Hands what was written to the system, so that a killed process loses nothing before it.</summary>
    public void Flush()
    {
        try
        {
            _writer.Flush();
        }
        catch (IOException fault)
        {
            throw FileFault.Writing(_path, fault);
        }
    }

    public void Dispose()
    {
        try
        {
            _writer.Dispose();
        }
        catch (IOException)
        {
            // Lines that were never flushed are lost; a full disk has been told of by Add, Flush or the checkpoint.
        }
    }

    private static string Line(in StepMetrics step) => JsonSerializer.Serialize(step, MetricsJson.Default.StepMetrics);

    /// <summary>A line cut short by a kill ends the list.</summary>
    private static IEnumerable<StepMetrics> Read(string path)
    {
        foreach (string line in File.ReadLines(path))
        {
            StepMetrics step;
            try
            {
                step = JsonSerializer.Deserialize(line, MetricsJson.Default.StepMetrics);
            }
            catch (JsonException)
            {
                yield break;
            }

            yield return step;
        }
    }
}
