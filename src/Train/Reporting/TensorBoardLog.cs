using System.Globalization;
using Google.Protobuf;

namespace TinyLM;

/// <summary>
/// TensorBoard's event files: scalars of every step, and the samples as text. A resumed run begins a file of its own, which tells TensorBoard to forget
/// the steps that are taken again.
/// </summary>
public sealed class TensorBoardLog : IDisposable
{
    private const int StringType = 7;
    private readonly RecordFile _file;

    /// <param name="folder">Where TensorBoard is to look: <c>--logdir</c>.</param>
    /// <param name="lastStep">Steps that are kept of an earlier part of the run; 0 for a new one.</param>
    /// <exception cref="UserException">The file cannot be written.</exception>
    public TensorBoardLog(string folder, long lastStep) : this(folder, lastStep, FileOperations.Disk)
    {
    }

    internal TensorBoardLog(string folder, long lastStep, FileOperations operations)
    {
        _file = new RecordFile(UnusedPath(folder), operations);
        Add(0, event_ => WriteText(event_, Field.FileVersion, "brain.Event:2"));
        if (lastStep > 0)
        {
            Add(lastStep + 1, event_ => WriteMessage(event_, Field.SessionLog, session => WriteInteger(session, Field.SessionStatus, Field.SessionStart)));
        }
    }

    /// <exception cref="UserException">The disk is full, say.</exception>
    public void Add(StepMetrics step) => Add(step.Step, event_ => WriteMessage(event_, Field.Summary, summary =>
    {
        WriteScalar(summary, "loss/training", step.Loss);
        WriteScalar(summary, "training/learning rate", step.LearningRate);
        WriteScalar(summary, "training/gradient norm", step.GradientNorm);
        WriteScalar(summary, "training/tokens per second", step.TokensPerSecond);
        if (step.ValidationLoss is { } loss)
        {
            WriteScalar(summary, "loss/validation", loss);
        }

        foreach (var (layer, norm) in step.LayerNorms ?? new Dictionary<string, double>())
        {
            WriteScalar(summary, $"gradient norm/{layer}", norm);
        }

        if (step.Sample is { } sample)
        {
            WriteSample(summary, sample);
        }
    }));

    /// <inheritdoc cref="RecordFile.Flush"/>
    public void Flush() => _file.Flush();

    public void Dispose() => _file.Dispose();

    /// <summary>TensorBoard reads the files of a folder in the order of their names, which begin with the time.</summary>
    private static string UnusedPath(string folder)
    {
        for (int number = 0; ; number++)
        {
            string path = Path.Combine(folder, string.Create(
                CultureInfo.InvariantCulture, $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds():D10}.tinylm.{Environment.ProcessId}.{number}"));
            if (!File.Exists(path))
            {
                return path;
            }
        }
    }

    private void Add(long step, Action<CodedOutputStream> writeContent) => _file.Add(Encode(event_ =>
    {
        event_.WriteTag(Field.WallTime, WireFormat.WireType.Fixed64);
        event_.WriteDouble(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1e3);
        if (step != 0)
        {
            WriteInteger(event_, Field.Step, step);
        }

        writeContent(event_);
    }));

    private static void WriteScalar(CodedOutputStream summary, string tag, double value) => WriteMessage(summary, Field.SummaryValue, entry =>
    {
        WriteText(entry, Field.Tag, tag);
        entry.WriteTag(Field.SimpleValue, WireFormat.WireType.Fixed32);
        entry.WriteFloat((float)value);
    });

    /// <summary>Indented, so that TensorBoard's Markdown shows it as it is.</summary>
    private static void WriteSample(CodedOutputStream summary, string sample) => WriteMessage(summary, Field.SummaryValue, entry =>
    {
        WriteText(entry, Field.Tag, "sample");
        WriteMessage(entry, Field.Metadata, metadata => WriteMessage(metadata, Field.PluginData, plugin => WriteText(plugin, Field.PluginName, "text")));
        WriteMessage(entry, Field.Tensor, tensor =>
        {
            WriteInteger(tensor, Field.TensorType, StringType);
            WriteText(tensor, Field.TensorString, "    " + sample.ReplaceLineEndings("\n    "));
        });
    });

    private static void WriteMessage(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(Encode(write)));
    }

    private static void WriteText(CodedOutputStream output, int field, string text)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(text);
    }

    private static void WriteInteger(CodedOutputStream output, int field, long value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    }

    private static byte[] Encode(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            write(output);
        }

        return bytes.ToArray();
    }

    /// <summary>Of TensorFlow's event.proto, summary.proto and tensor.proto.</summary>
    private static class Field
    {
        public const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5, SessionLog = 7;
        public const int SessionStatus = 1, SessionStart = 1;
        public const int SummaryValue = 1, Tag = 1, SimpleValue = 2, Tensor = 8, Metadata = 9;
        public const int PluginData = 1, PluginName = 1;
        public const int TensorType = 1, TensorString = 8;
    }
}
