using System.Text;

namespace TinyLM;

public sealed partial class Corpus
{
    /// <summary>
    /// A smaller corpus of at most about <paramref name="maxDocuments"/> documents and <paramref name="maxBytes"/> UTF-8 bytes, the same
    /// share of both sides of the split and at least one document of each. The content hash chooses, so the choice is the same
    /// everywhere; a larger subset contains the smaller one. Of a stream, the beginning of either side is kept.
    /// </summary>
    public Corpus Subset(int maxDocuments = int.MaxValue, long maxBytes = long.MaxValue)
    {
        if (maxDocuments < 1 || maxBytes < 1)
        {
            throw new UserException($"{Name}: a subset of {maxDocuments} documents and {maxBytes} bytes; expected at least 1 of each.");
        }

        long trainingBytes = CountBytes(Training), validationBytes = CountBytes(Validation);
        double trainingShare = (double)trainingBytes / (trainingBytes + validationBytes);
        return new Corpus(Name, Side(Training, trainingShare), Side(Validation, 1 - trainingShare), IsStream, DuplicateCount);

        IReadOnlyList<Document> Side(IReadOnlyList<Document> documents, double bytesShare)
        {
            int documentLimit = (int)Math.Ceiling((double)maxDocuments * documents.Count / (Training.Count + Validation.Count));
            long byteLimit = (long)Math.Ceiling(maxBytes * bytesShare);
            return IsStream
                ? [.. documents.Select(document => Beginning(document, byteLimit))]
                : Select(documents, documentLimit, byteLimit);
        }
    }

    private static Document[] Select(IReadOnlyList<Document> documents, int maxDocuments, long maxBytes)
    {
        if (documents.Count == 0)
        {
            return [];
        }

        var hashes = new ulong[documents.Count];
        var order = new int[documents.Count];
        for (int i = 0; i < order.Length; i++)
        {
            (hashes[i], order[i]) = (ContentHash.Of(documents[i].Text).ForSelection, i);
        }

        Array.Sort(hashes, order);
        int count = 0;
        for (long bytes = 0; count < order.Length && count < maxDocuments; count++)
        {
            bytes += Encoding.UTF8.GetByteCount(documents[order[count]].Text);
            if (bytes > maxBytes && count > 0)
            {
                break;
            }
        }

        int[] chosen = order[..count];
        Array.Sort(chosen);
        return [.. chosen.Select(index => documents[index])];
    }

    private static Document Beginning(Document document, long maxBytes)
    {
        int length = 0;
        long bytes = 0;
        foreach (Rune rune in document.Text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > maxBytes && length > 0)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return document with { Text = document.Text[..length] };
    }

    private static long CountBytes(IReadOnlyList<Document> documents)
    {
        long bytes = 0;
        foreach (Document document in documents)
        {
            bytes += Encoding.UTF8.GetByteCount(document.Text);
        }

        return bytes;
    }
}
