namespace TinyLM;

/// <summary>A <see cref="Corpus"/> as token ids, and what one needs to score it in bits per byte.</summary>
public sealed class TokenizedCorpus
{
    private readonly int[] _tokenBytes;

    private TokenizedCorpus(string name, ITokenizer tokenizer, TokenizedDocuments training, TokenizedDocuments validation)
    {
        (Name, Tokenizer, Training, Validation) = (name, tokenizer, training, validation);
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

    /// <summary>[vocabulary]: the UTF-8 bytes that each token stands for; BOS has 0.</summary>
    public ReadOnlySpan<int> TokenBytes => _tokenBytes;

    /// <summary>Encodes both sides of <paramref name="corpus"/>.</summary>
    /// <exception cref="UserException">The tokenizer does not know a character, or no training document has two tokens.</exception>
    public static TokenizedCorpus Create(Corpus corpus, ITokenizer tokenizer)
    {
        TokenizedDocuments training = TokenizedDocuments.Encode(corpus.Training, tokenizer);
        if (training.TokenCount < 2 * training.Count && !HasTwoTokens(training))
        {
            throw new UserException($"{corpus.Name}: no document has two tokens, so there is nothing to predict; expected longer "
                + "documents.");
        }

        return new TokenizedCorpus(corpus.Name, tokenizer, training, TokenizedDocuments.Encode(corpus.Validation, tokenizer));
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
