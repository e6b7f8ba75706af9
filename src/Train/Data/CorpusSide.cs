using System.Collections;

namespace TinyLM;

/// <summary>
/// The documents of a corpus that are to train on, or those held out. They are read from their source each time; none is empty, and a very long one comes in
/// parts (<see cref="Document.Continues"/>).
/// </summary>
public sealed class CorpusSide : IEnumerable<Document>
{
    private readonly Func<IProgress<long>?, IEnumerable<Document>> _read;

    private CorpusSide(int count, Func<IProgress<long>?, IEnumerable<Document>> read)
    {
        (Count, _read) = (count, read);
    }

    /// <summary>How many documents there are.</summary>
    public int Count { get; }

    public IEnumerator<Document> GetEnumerator() => Read().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc cref="DocumentSource.Read"/>
    public IEnumerable<Document> Read(IProgress<long>? progress = null) => _read(progress);

    /// <summary>Whole documents.</summary>
    /// <param name="read">Reads all documents.</param>
    /// <param name="parts">[documents]: what each is for.</param>
    /// <param name="part">Those that are for this are on the side.</param>
    internal static CorpusSide Of(Func<IProgress<long>?, IEnumerable<Document>> read, IReadOnlyList<CorpusPart> parts, CorpusPart part)
    {
        return new CorpusSide(parts.Count(candidate => candidate == part), Read);

        IEnumerable<Document> Read(IProgress<long>? progress)
        {
            int index = -1;
            foreach (Document document in read(progress))
            {
                index += document.Continues ? 0 : 1;
                if (index < parts.Count && parts[index] == part)
                {
                    yield return document;
                }
            }
        }
    }

    /// <summary>Characters <paramref name="start"/> to <paramref name="end"/> of the document number <paramref name="index"/>.</summary>
    internal static CorpusSide Of(Func<IProgress<long>?, IEnumerable<Document>> read, int index, string name, long start, long end)
    {
        return new CorpusSide(end > start ? 1 : 0, Read);

        IEnumerable<Document> Read(IProgress<long>? progress)
        {
            int current = -1;
            long position = 0;
            bool continues = false;
            foreach (Document document in read(progress))
            {
                current += document.Continues ? 0 : 1;
                if (current != index)
                {
                    continue;
                }

                int length = document.CharacterCount;
                int from = (int)Math.Clamp(start - position, 0, length), to = (int)Math.Clamp(end - position, 0, length);
                position += length;
                if (to > from)
                {
                    yield return document.Slice(from, to) with { Name = name, Continues = continues };
                    continues = true;
                }
            }
        }
    }
}
