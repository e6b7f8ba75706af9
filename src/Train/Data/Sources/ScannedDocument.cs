namespace TinyLM;

/// <summary>What a look at a document tells.</summary>
/// <param name="Index">Its place in the source, from 0, empty ones counted.</param>
/// <param name="Hash">Of its content.</param>
/// <param name="Characters">Its length in characters, or in tokens where it comes tokenized.</param>
/// <param name="Bytes">Its length in UTF-8 bytes, or that of its ids.</param>
internal readonly record struct ScannedDocument(int Index, ContentHash Hash, long Characters, long Bytes)
{
    /// <summary>Looks at all documents, putting together the parts of long ones.</summary>
    public static IEnumerable<ScannedDocument> Scan(IEnumerable<Document> documents)
    {
        using var hasher = new ContentHasher();
        int index = -1;
        long characters = 0;
        foreach (Document document in documents)
        {
            if (!document.Continues)
            {
                if (index >= 0)
                {
                    yield return Complete();
                }

                (index, characters) = (index + 1, 0);
            }

            characters += document.CharacterCount;
            hasher.Append(document);
        }

        if (index >= 0)
        {
            yield return Complete();
        }

        ScannedDocument Complete()
        {
            long bytes = hasher.Length;
            return new ScannedDocument(index, hasher.Complete(), characters, bytes);
        }
    }
}
