namespace TinyLM;

/// <summary>A <see cref="Corpus"/> as token ids, and what one needs to score it in bits per byte.</summary>
public sealed class TokenizedCorpus
{
    private readonly int[] _tokenBytes;

    private TokenizedCorpus(string name, ITokenizer tokenizer, TokenStore training, TokenStore validation)
    {
        (Name, Tokenizer, Training, Validation) = (name, tokenizer, training.Documents, validation.Documents);
        DuplicateCount = training.Info.DuplicateCount;
        _tokenBytes = new int[tokenizer.VocabularySize];
        for (int id = 0; id < _tokenBytes.Length; id++)
        {
            _tokenBytes[id] = tokenizer.ByteCount(id);
        }
    }

    /// <summary>The corpus's name, for messages.</summary>
    public string Name { get; }

    public ITokenizer Tokenizer { get; }

    /// <summary>The documents to train on; at least one has two tokens, so there is something to predict.</summary>
    public TokenizedDocuments Training { get; }

    /// <summary>The documents held out.</summary>
    public TokenizedDocuments Validation { get; }

    /// <summary>How many documents were left out because an equal one came before, or is held out.</summary>
    public int DuplicateCount { get; }

    /// <summary>[vocabulary]: the UTF-8 bytes that each token stands for; BOS has 0.</summary>
    public ReadOnlySpan<int> TokenBytes => _tokenBytes;

    /// <summary>
    /// Both sides of <paramref name="corpus"/>, tokenized: from the stores in <paramref name="cacheFolder"/> that an earlier call has left, unless the corpus or
    /// the tokenizer has changed since; else they are made now.
    /// </summary>
    /// <param name="corpus">The documents.</param>
    /// <param name="tokenizer">Encodes them, on several threads at once.</param>
    /// <param name="cacheFolder">Where the stores lie; made where there is none.</param>
    /// <param name="threads">How many documents are encoded at once; 0: one a core, or as many as the container allows. The result does not depend on it.</param>
    /// <param name="show">Shows progress; may be null.</param>
    /// <exception cref="UserException">The corpus cannot be read, the tokenizer does not know a character, no training document has two tokens, or the folder
    /// cannot be written.</exception>
    public static TokenizedCorpus Create(Corpus corpus, ITokenizer tokenizer, string cacheFolder, int threads = 0, WorkDisplay? show = null)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (corpus.BosId is { } bos && bos != tokenizer.BosId)
        {
            throw new UserException($"{corpus.Name}: its documents come as tokens and begin with id {bos}, but tokenizer '{tokenizer.Name}' begins them with {tokenizer.BosId}; take the one that made them.");
        }

        string fingerprint = corpus.Fingerprint(), tokenizerHash = TokenStore.HashOf(tokenizer);
        TokenStore? training = Find(PathOf("training")), validation = Find(PathOf("validation"));
        if (training is null || validation is null)
        {
            show ??= (_, _, work) => work(null);
            show($"reading {corpus.Name}", corpus.Size, corpus.FindSplit);
            show($"tokenizing {corpus.Name}", corpus.Size, progress => training = Build("training", corpus.Training.Read(progress)));
            show("tokenizing what is held out", corpus.Size, progress => validation = Build("validation", corpus.Validation.Read(progress)));
            if (corpus.Fingerprint() != fingerprint)
            {
                throw new UserException($"{corpus.Name}: its files have changed while they were read; begin again.");
            }
        }

        return HasTwoTokens(training!.Documents)
            ? new TokenizedCorpus(corpus.Name, tokenizer, training, validation!)
            : throw new UserException($"{corpus.Name}: no document has two tokens, so there is nothing to predict; expected longer documents.");

        string PathOf(string side)
        {
            string name = string.Concat(corpus.Name.Select(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.' ? character : '_'));
            string key = DocumentSource.Hash($"{corpus.Identity} {tokenizerHash}");
            return Path.Combine(cacheFolder, $"{name[..Math.Min(name.Length, 60)]}-{key[..16]}.{side}.tokens");
        }

        TokenStore? Find(string path) =>
            TryOpen(path) is { } store && store.Info.SourceFingerprint == fingerprint && store.Info.TokenizerSha256 == tokenizerHash ? store : null;

        TokenStore Build(string side, IEnumerable<Document> documents) => TokenStore.Create(
            PathOf(side), documents, tokenizer, corpus.Name, fingerprint, corpus.DuplicateCount, threads > 0 ? threads : CpuQuota.Processors);
    }

    /// <summary>The bytes that a token of the training documents stands for in the mean, BOS not counted.</summary>
    public double MeanTokenBytes()
    {
        var ids = new int[1 << 16];
        long bytes = 0;
        for (int document = 0; document < Training.Count; document++)
        {
            int length = Training.LengthOf(document);
            for (int start = 0; start < length; start += ids.Length)
            {
                Span<int> part = ids.AsSpan(0, Math.Min(ids.Length, length - start));
                Training.CopyTo(document, start, part);
                foreach (int id in part)
                {
                    bytes += _tokenBytes[id];
                }
            }
        }

        return (double)bytes / (Training.TokenCount - Training.Count);
    }

    /// <summary>What is no whole store is made anew.</summary>
    private static TokenStore? TryOpen(string path)
    {
        try
        {
            return File.Exists(path) ? TokenStore.Open(path) : null;
        }
        catch (UserException)
        {
            return null;
        }
    }

    private static bool HasTwoTokens(TokenizedDocuments documents)
    {
        for (int document = 0; document < documents.Count; document++)
        {
            if (documents.LengthOf(document) > 1)
            {
                return true;
            }
        }

        return false;
    }
}
