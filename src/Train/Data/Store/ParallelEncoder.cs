namespace TinyLM;

/// <summary>Encodes documents on several threads; they come out in the order in which they went in, and never wait in large numbers.</summary>
internal static class ParallelEncoder
{
    /// <summary>Documents go to a thread by the bundle, for many are short.</summary>
    private const int CharactersPerBundle = 1 << 17;

    /// <summary>How much text may be under way.</summary>
    private const long MostCharacters = 1 << 24;

    /// <exception cref="UserException">A document cannot be read, or holds what the tokenizer has no id for.</exception>
    public static IEnumerable<EncodedDocument> Encode(IEnumerable<Document> documents, ITokenizer tokenizer, int threads)
    {
        var pending = new Queue<(Task<EncodedDocument[]> Task, long Characters)>();
        long characters = 0;
        foreach (List<Document> bundle in Bundles(documents))
        {
            long added = bundle.Sum(LengthOf);
            while (pending.Count > 0 && (pending.Count >= threads || characters + added > MostCharacters))
            {
                foreach (EncodedDocument document in Take())
                {
                    yield return document;
                }
            }

            characters += added;
            pending.Enqueue((Task.Run(() => bundle.ConvertAll(document => Encode(document, tokenizer)).ToArray()), added));
        }

        while (pending.Count > 0)
        {
            foreach (EncodedDocument document in Take())
            {
                yield return document;
            }
        }

        EncodedDocument[] Take()
        {
            var (task, length) = pending.Dequeue();
            characters -= length;
            return task.GetAwaiter().GetResult();
        }
    }

    private static IEnumerable<List<Document>> Bundles(IEnumerable<Document> documents)
    {
        var bundle = new List<Document>();
        long characters = 0;
        foreach (Document document in documents)
        {
            bundle.Add(document);
            characters += LengthOf(document);
            if (characters >= CharactersPerBundle)
            {
                yield return bundle;
                (bundle, characters) = ([], 0);
            }
        }

        if (bundle.Count > 0)
        {
            yield return bundle;
        }
    }

    private static long LengthOf(Document document) => document.Ids?.Length ?? document.Text.Length;

    private static EncodedDocument Encode(Document document, ITokenizer tokenizer)
    {
        try
        {
            return new EncodedDocument(document.Name, document.Ids ?? tokenizer.Encode(document.Text), document.Continues);
        }
        catch (UserException fault)
        {
            throw new UserException($"{document.Name}: {fault.Message}", fault.ExitCode, fault);
        }
    }
}
