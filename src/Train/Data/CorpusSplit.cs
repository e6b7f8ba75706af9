namespace TinyLM;

/// <summary>Which documents are trained on and which are held out. Finding it takes one reading of the source.</summary>
/// <param name="Training">Those to train on.</param>
/// <param name="Validation">Those held out.</param>
/// <param name="IsStream">Whether both are parts of one running text.</param>
/// <param name="LeftOutCount">How many documents were left out because an equal one came before or is held out.</param>
internal sealed record CorpusSplit(CorpusSide Training, CorpusSide Validation, bool IsStream, int LeftOutCount)
{
    /// <summary>About <paramref name="fraction"/> of the documents is held out, by content hash; of a single document, its end.</summary>
    /// <exception cref="UserException">There is no text.</exception>
    public static CorpusSplit ByHash(DocumentSource source, double fraction, IProgress<long>? progress)
    {
        var seen = new HashSet<ContentHash>();
        var parts = new List<CorpusPart>();
        ScannedDocument first = default, least = default, greatest = default;
        int leftOut = 0;
        foreach (ScannedDocument document in ScannedDocument.Scan(source.Read(progress)))
        {
            bool isKept = document.Characters > 0 && seen.Add(document.Hash);
            parts.Add(!isKept ? CorpusPart.LeftOut : document.Hash.IsWithin(fraction) ? CorpusPart.Validation : CorpusPart.Training);
            leftOut += document.Characters > 0 && !isKept ? 1 : 0;
            if (isKept)
            {
                first = seen.Count == 1 ? document : first;
                least = seen.Count == 1 || document.Hash.ForSplit < least.Hash.ForSplit ? document : least;
                greatest = seen.Count == 1 || document.Hash.ForSplit > greatest.Hash.ForSplit ? document : greatest;
            }
        }

        if (seen.Count <= 1)
        {
            return seen.Count == 1 ? AtCut(source, first, fraction, leftOut) : throw NoText(source);
        }

        // However few the documents are, both sides get one.
        (parts[least.Index], parts[greatest.Index]) = (CorpusPart.Validation, CorpusPart.Training);
        return new CorpusSplit(
            CorpusSide.Of(source.Read, parts, CorpusPart.Training), CorpusSide.Of(source.Read, parts, CorpusPart.Validation), IsStream: false, leftOut);
    }

    /// <summary>
    /// Held-out documents of their own, all of them, as they are; what equals one of them is not trained on, nor are duplicates, unless <paramref name="keepDuplicates"/>.
    /// </summary>
    /// <exception cref="UserException">There is no text, or none that is not held out.</exception>
    public static CorpusSplit HeldOut(DocumentSource source, DocumentSource validation, bool keepDuplicates, IProgress<long>? progress)
    {
        var seen = new HashSet<ContentHash>();
        var heldOut = new List<CorpusPart>();
        foreach (ScannedDocument document in ScannedDocument.Scan(validation.Read()))
        {
            seen.Add(document.Hash);
            heldOut.Add(document.Characters > 0 ? CorpusPart.Validation : CorpusPart.LeftOut);
        }

        var parts = new List<CorpusPart>();
        int leftOut = 0;
        foreach (ScannedDocument document in ScannedDocument.Scan(source.Read(progress)))
        {
            bool isKept = document.Characters > 0 && (keepDuplicates || seen.Add(document.Hash));
            parts.Add(isKept ? CorpusPart.Training : CorpusPart.LeftOut);
            leftOut += document.Characters > 0 && !isKept ? 1 : 0;
        }

        CorpusSide training = CorpusSide.Of(source.Read, parts, CorpusPart.Training), held = CorpusSide.Of(validation.Read, heldOut, CorpusPart.Validation);
        return held.Count == 0 ? throw NoText(validation)
            : training.Count == 0 && leftOut > 0 ? throw new UserException($"{source.Name}: every document is also held out for validation; expected others to train on.")
            : training.Count == 0 ? throw NoText(source)
            : new CorpusSplit(training, held, source.IsStream, leftOut);
    }

    /// <summary>The smaller split that <see cref="Corpus.Subset"/> describes.</summary>
    public CorpusSplit Subset(int maxDocuments, long maxBytes)
    {
        ScannedDocument[] training = [.. ScannedDocument.Scan(Training)], validation = [.. ScannedDocument.Scan(Validation)];
        double trainingBytes = training.Sum(document => document.Bytes), bytes = trainingBytes + validation.Sum(document => document.Bytes);
        return this with
        {
            Training = Side(Training, training, trainingBytes / bytes),
            Validation = Side(Validation, validation, 1 - trainingBytes / bytes),
        };

        CorpusSide Side(CorpusSide side, ScannedDocument[] documents, double bytesShare)
        {
            int documentLimit = (int)Math.Ceiling((double)maxDocuments * documents.Length / (training.Length + validation.Length));
            long byteLimit = (long)Math.Ceiling(maxBytes * bytesShare);
            return IsStream ? Beginning(side, byteLimit) : Select(side, documents, documentLimit, byteLimit);
        }
    }

    /// <summary>The last <paramref name="fraction"/> of the characters is held out.</summary>
    private static CorpusSplit AtCut(DocumentSource source, ScannedDocument text, double fraction, int leftOut)
    {
        long cut = Math.Max(1, (long)((1 - fraction) * text.Characters));
        return new CorpusSplit(
            CorpusSide.Of(source.Read, text.Index, source.Name, 0, cut),
            CorpusSide.Of(source.Read, text.Index, $"{source.Name} (validation)", cut, text.Characters),
            IsStream: true, leftOut);
    }

    private static CorpusSide Select(CorpusSide side, ScannedDocument[] documents, int maxDocuments, long maxBytes)
    {
        var parts = new CorpusPart[documents.Length];
        long bytes = 0;
        int count = 0;
        foreach (ScannedDocument document in documents.OrderBy(document => document.Hash.ForSelection))
        {
            bytes += document.Bytes;
            if (count > 0 && (count == maxDocuments || bytes > maxBytes))
            {
                break;
            }

            parts[document.Index] = CorpusPart.Training;
            count++;
        }

        return CorpusSide.Of(side.Read, parts, CorpusPart.Training);
    }

    /// <summary>As many characters, from the first on, as have <paramref name="maxBytes"/>; at least one.</summary>
    private static CorpusSide Beginning(CorpusSide side, long maxBytes)
    {
        long characters = 0, bytes = 0;
        foreach (Document document in side)
        {
            foreach (int size in document.Ids is null ? document.Text.EnumerateRunes().Select(rune => rune.Utf8SequenceLength) : document.Ids.Select(_ => sizeof(int)))
            {
                bytes += size;
                if (bytes > maxBytes && characters > 0)
                {
                    return CorpusSide.Of(side.Read, 0, document.Name, 0, characters);
                }

                characters++;
            }
        }

        return side;
    }

    private static UserException NoText(DocumentSource source) =>
        new($"{source.Name}: no document has any text; expected at least one document of one character.");
}
