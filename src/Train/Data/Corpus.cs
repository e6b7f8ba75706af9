namespace TinyLM;

/// <summary>
/// Documents, split in those to train on and those to validate on. The two are disjoint: exact duplicates are removed before the split,
/// and a document's content alone decides its side.
/// </summary>
public sealed partial class Corpus
{
    /// <summary>The share of the documents that is held out unless told otherwise.</summary>
    public const double DefaultValidationFraction = 0.1;

    private Corpus(string name, IReadOnlyList<Document> training, IReadOnlyList<Document> validation, bool isStream, int duplicateCount)
    {
        (Name, Training, Validation, IsStream, DuplicateCount) = (name, training, validation, isStream, duplicateCount);
    }

    /// <summary>Where the corpus comes from, for messages.</summary>
    public string Name { get; }

    /// <summary>The documents to train on; at least one, none empty.</summary>
    public IReadOnlyList<Document> Training { get; }

    /// <summary>The documents held out; none of them is in <see cref="Training"/>. Empty only if the whole text is one character.</summary>
    public IReadOnlyList<Document> Validation { get; }

    /// <summary>True for one running text, split in two at one place: there are no documents to shuffle.</summary>
    public bool IsStream { get; }

    /// <summary>How many documents were left out because an equal one came before.</summary>
    public int DuplicateCount { get; }

    /// <summary>
    /// Splits <paramref name="documents"/> by content hash: about <paramref name="validationFraction"/> are held out, at least one of two.
    /// Empty documents and exact duplicates are left out. A single document is split as
    /// <see cref="FromText(string, string, double)"/> does.
    /// </summary>
    /// <exception cref="UserException">No document has any text.</exception>
    public static Corpus FromDocuments(string name, IEnumerable<Document> documents, double validationFraction = DefaultValidationFraction)
    {
        CheckFraction(name, validationFraction);
        var seen = new HashSet<ContentHash>();
        var kept = new List<(Document Document, ContentHash Hash)>();
        int duplicateCount = 0;
        foreach (Document document in documents)
        {
            if (document.Text.Length == 0)
            {
                continue;
            }

            ContentHash hash = ContentHash.Of(document.Text);
            if (seen.Add(hash))
            {
                kept.Add((document, hash));
            }
            else
            {
                duplicateCount++;
            }
        }

        return kept.Count switch
        {
            0 => throw new UserException($"{name}: no document has any text; expected at least one document of one character."),
            1 => FromText(name, kept[0].Document.Text, validationFraction, duplicateCount),
            _ => Split(name, kept, validationFraction, duplicateCount),
        };
    }

    /// <summary>
    /// One running text; the last <paramref name="validationFraction"/> of its characters is held out, from <c>int(0.9 · characters)</c>
    /// on as in nanoGPT's <c>prepare.py</c>.
    /// </summary>
    /// <exception cref="UserException">The text is empty.</exception>
    public static Corpus FromText(string name, string text, double validationFraction = DefaultValidationFraction) =>
        FromText(name, text, validationFraction, 0);

    private static Corpus FromText(string name, string text, double validationFraction, int duplicateCount)
    {
        CheckFraction(name, validationFraction);
        if (text.Length == 0)
        {
            throw new UserException($"{name}: the text is empty; expected at least two characters.");
        }

        int characters = text.Length - CountPairs(text);
        int cut = IndexOfCharacter(text, Math.Max(1, (int)((1 - validationFraction) * characters)));
        Document[] validation = cut < text.Length ? [new Document($"{name} (validation)", text[cut..])] : [];
        return new Corpus(name, [new Document(name, text[..cut])], validation, isStream: true, duplicateCount);
    }

    private static Corpus Split(string name, List<(Document Document, ContentHash Hash)> documents, double fraction, int duplicateCount)
    {
        var training = new List<Document>();
        var validation = new List<Document>();
        ulong least = documents.Min(entry => entry.Hash.ForSplit);
        ulong greatest = documents.Max(entry => entry.Hash.ForSplit);
        foreach (var (document, hash) in documents)
        {
            // However few the documents are, both sides get one.
            bool isHeldOut = hash.ForSplit == least || (hash.ForSplit != greatest && hash.IsWithin(fraction));
            (isHeldOut ? validation : training).Add(document);
        }

        return new Corpus(name, training, validation, isStream: false, duplicateCount);
    }

    private static void CheckFraction(string name, double fraction)
    {
        if (!(fraction > 0 && fraction < 1))
        {
            throw new UserException($"{name}: the validation fraction is {fraction}, expected more than 0 and less than 1, such as 0.1.");
        }
    }

    private static int CountPairs(string text)
    {
        int pairs = 0;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            pairs += char.IsSurrogatePair(text[i], text[i + 1]) ? 1 : 0;
        }

        return pairs;
    }

    /// <summary>Where the character (whole code point) number <paramref name="character"/> begins.</summary>
    private static int IndexOfCharacter(string text, int character)
    {
        int index = 0;
        for (; character > 0 && index < text.Length; character--)
        {
            index += index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]) ? 2 : 1;
        }

        return index;
    }
}
