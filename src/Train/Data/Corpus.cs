namespace TinyLM;

/// <summary>
/// Documents, split in those to train on and those to validate on. The two are disjoint: of exact duplicates one is kept, and a document's content alone decides
/// its side; or the held-out documents come from a source of their own. The source is read when that is needed, and never held in memory; the split keeps some
/// 50 bytes a document.
/// </summary>
public sealed class Corpus
{
    /// <summary>The share of the documents that is held out unless told otherwise.</summary>
    public const double DefaultValidationFraction = 0.1;

    private readonly DocumentSource _source;
    private readonly string _identity;
    private readonly Func<string> _fingerprint;
    private readonly Func<IProgress<long>?, CorpusSplit> _findSplit;
    private CorpusSplit? _split;

    private Corpus(DocumentSource source, string identity, Func<string> fingerprint, Func<IProgress<long>?, CorpusSplit> findSplit)
    {
        (_source, _identity, _fingerprint, _findSplit) = (source, identity, fingerprint, findSplit);
    }

    /// <summary>Where the corpus comes from, for messages.</summary>
    public string Name => _source.Name;

    /// <summary>The documents to train on; at least one, none empty.</summary>
    /// <exception cref="UserException">The source cannot be read or has no text.</exception>
    public CorpusSide Training => Split.Training;

    /// <summary>The documents held out; none of them is in <see cref="Training"/>. Empty only if the whole text is one character.</summary>
    /// <exception cref="UserException">The source cannot be read or has no text.</exception>
    public CorpusSide Validation => Split.Validation;

    /// <summary>True for one running text, split in two at one place: there are no documents to shuffle.</summary>
    public bool IsStream => Split.IsStream;

    /// <summary>How many documents were left out because an equal one came before, or is held out.</summary>
    public int DuplicateCount => Split.LeftOutCount;

    /// <inheritdoc cref="DocumentSource.BosId"/>
    public int? BosId => _source.BosId;

    /// <summary>What there is to read, for progress; see <see cref="DocumentSource.Size"/>.</summary>
    public long Size => _source.Size;

    /// <summary>Which corpus it is, whatever has changed in it.</summary>
    internal string Identity => _identity;

    private CorpusSplit Split => _split ??= _findSplit(null);

    /// <summary>
    /// About <paramref name="validationFraction"/> of the documents, chosen by content hash, are held out, at least one of two. Empty documents and exact
    /// duplicates are left out. Of a single document, the last characters are held out, from <c>int(0.9 · characters)</c> on as in nanoGPT's
    /// <c>prepare.py</c>.
    /// </summary>
    /// <exception cref="UserException">The fraction is not between 0 and 1.</exception>
    public static Corpus Create(DocumentSource source, double validationFraction = DefaultValidationFraction)
    {
        ArgumentNullException.ThrowIfNull(source);
        return validationFraction > 0 && validationFraction < 1
            ? new Corpus(source, $"{source.Identity} split {validationFraction:R}", source.Fingerprint, progress => CorpusSplit.ByHash(source, validationFraction, progress))
            : throw new UserException($"{source.Name}: the validation fraction is {validationFraction}, expected more than 0 and less than 1, such as 0.1.");
    }

    /// <summary>
    /// Held-out documents of their own, all of them, as they are. What equals one of them is not trained on, nor are duplicates.
    /// </summary>
    /// <param name="source">The documents to train on.</param>
    /// <param name="validation">Those held out.</param>
    /// <param name="keepDuplicates">Trains on a document as often as it comes, even on one that is held out: the loss of the held-out ones is then memory in part.</param>
    /// <exception cref="UserException">One of the sources comes tokenized, the other does not.</exception>
    public static Corpus Create(DocumentSource source, DocumentSource validation, bool keepDuplicates = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(validation);
        return source.BosId == validation.BosId
            ? new Corpus(
                source, $"{source.Identity} validated on {validation.Identity}{(keepDuplicates ? " with duplicates" : "")}", () => source.Fingerprint() + validation.Fingerprint(),
                progress => CorpusSplit.HeldOut(source, validation, keepDuplicates, progress))
            : throw new UserException($"{validation.Name}: one of {source.Name} and its held-out documents comes tokenized, the other as text; expected the same of both.");
    }

    /// <inheritdoc cref="Create(DocumentSource, double)"/>
    public static Corpus FromDocuments(string name, IEnumerable<Document> documents, double validationFraction = DefaultValidationFraction) =>
        Create(DocumentSource.Of(name, documents), validationFraction);

    /// <summary>One running text, of which the end is held out.</summary>
    /// <inheritdoc cref="Create(DocumentSource, double)"/>
    public static Corpus FromText(string name, string text, double validationFraction = DefaultValidationFraction) =>
        FromDocuments(name, [new Document(name, text)], validationFraction);

    /// <summary>
    /// A smaller corpus of at most about <paramref name="maxDocuments"/> documents and <paramref name="maxBytes"/> UTF-8 bytes, the same
    /// share of both sides of the split and at least one document of each. The content hash chooses, so the choice is the same
    /// everywhere; a larger subset contains the smaller one. Of a stream, the beginning of either side is kept.
    /// </summary>
    /// <exception cref="UserException">Nothing would be left.</exception>
    public Corpus Subset(int maxDocuments = int.MaxValue, long maxBytes = long.MaxValue) => maxDocuments >= 1 && maxBytes >= 1
        ? new Corpus(_source, $"{_identity} subset {maxDocuments} {maxBytes}", _fingerprint, progress =>
        {
            FindSplit(progress);
            return Split.Subset(maxDocuments, maxBytes);
        })
        : throw new UserException($"{Name}: a subset of {maxDocuments} documents and {maxBytes} bytes; expected at least 1 of each.");

    /// <summary>Finds the split, for which everything is read once. Only who wants to see progress need call it.</summary>
    /// <param name="progress">Told how much of <see cref="Size"/> is read; may be null.</param>
    /// <exception cref="UserException">The source cannot be read or has no text.</exception>
    public void FindSplit(IProgress<long>? progress = null) => _split ??= _findSplit(progress);

    /// <summary>Changes when the documents may have changed.</summary>
    internal string Fingerprint() => DocumentSource.Hash($"{_identity} {_fingerprint()}");
}
