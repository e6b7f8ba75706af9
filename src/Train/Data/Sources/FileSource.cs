using ZstdSharp;

namespace TinyLM;

/// <summary>The documents of files, one file after another.</summary>
internal sealed class FileSource(string path, SourceFiles files, DocumentFormat format) : DocumentSource
{
    public override string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));

    public override long Size => files.Paths.Sum(SourceFiles.SizeOf);

    public override bool IsStream => format.IsStream;

    public override int? BosId => format.BosId;

    internal override string Identity => $"{format.Identity} {Path.GetFullPath(path)}";

    public override string Fingerprint() => files.Fingerprint();

    public override IEnumerable<Document> Read(IProgress<long>? progress = null)
    {
        long before = 0;
        bool isFirst = true;
        foreach (string file in files.Paths)
        {
            using InputFile input = InputFile.Open(file, files.NameOf(file));
            using IEnumerator<Document> documents = format.Read(input).GetEnumerator();
            while (MoveNext(documents, file))
            {
                progress?.Report(before + input.Position);
                yield return isFirst ? documents.Current with { Continues = false } : documents.Current;
                isFirst = false;
            }

            before += SourceFiles.SizeOf(file);
        }
    }

    /// <summary>What the unpackers and the disk say about a file becomes one line.</summary>
    private static bool MoveNext(IEnumerator<Document> documents, string path)
    {
        try
        {
            return documents.MoveNext();
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException or ZstdException)
        {
            throw new UserException($"{path}: is damaged or cut short: {fault.Message}", UserException.Mistake, fault);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }
}
