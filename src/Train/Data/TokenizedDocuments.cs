using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TinyLM;

/// <summary>
/// Documents as token ids, one after another: each is <c>[BOS] + its tokens</c>. A document of n tokens has n - 1 targets
/// (see <see cref="TargetBuilder"/>), so one of a single token, BOS, has none. Ids are copied out a range at a time: they need not be in memory.
/// </summary>
public sealed class TokenizedDocuments
{
    private readonly int[] _ids;
    private readonly long[] _starts;

    /// <param name="ids">[tokens]: the token ids of all documents.</param>
    /// <param name="starts">[documents + 1]: the first token of each document, then the number of tokens. <c>[0]</c> for no
    /// documents.</param>
    /// <param name="bosId">The id that each document begins with.</param>
    /// <exception cref="ArgumentException">The starts do not run from 0 to the number of tokens, or a document does not begin with
    /// BOS.</exception>
    public TokenizedDocuments(int[] ids, int[] starts, int bosId)
    {
        if (starts.Length == 0 || starts[0] != 0 || starts[^1] != ids.Length)
        {
            throw new ArgumentException($"TokenizedDocuments: the starts must run from 0 to {ids.Length}, the number of tokens.");
        }

        for (int document = 0; document + 1 < starts.Length; document++)
        {
            if (starts[document + 1] <= starts[document])
            {
                throw new ArgumentException($"TokenizedDocuments: document {document} has no tokens; expected BOS at least.");
            }

            if (ids[starts[document]] != bosId)
            {
                throw new ArgumentException($"TokenizedDocuments: document {document} begins with id {ids[starts[document]]}, expected "
                    + $"{bosId}, BOS.");
            }
        }

        (_ids, _starts, BosId) = (ids, Array.ConvertAll(starts, start => (long)start), bosId);
    }

    /// <summary>How many documents there are; may be 0.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>How many tokens all documents have together, BOS included.</summary>
    public long TokenCount => _starts[^1];

    /// <summary>The id that each document begins with.</summary>
    public int BosId { get; }

    /// <summary>The number of tokens of one document, BOS included.</summary>
    public int LengthOf(int document) => (int)(_starts[document + 1] - _starts[document]);

    /// <summary>Copies ids of a document, as many as <paramref name="ids"/> is long.</summary>
    /// <param name="document">Which.</param>
    /// <param name="start">The first token to copy; 0 is BOS.</param>
    /// <param name="ids">Receives the ids.</param>
    /// <exception cref="ArgumentOutOfRangeException">The document has no such tokens.</exception>
    public void CopyTo(int document, int start, Span<int> ids)
    {
        if (start < 0 || start > LengthOf(document) - ids.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(start), $"TokenizedDocuments: tokens {start} to {(long)start + ids.Length} of document {document}, which has {LengthOf(document)}.");
        }

        _ids.AsSpan((int)_starts[document] + start, ids.Length).CopyTo(ids);
    }

    /// <summary>A copy of all ids of one document, BOS first.</summary>
    public int[] ToArray(int document)
    {
        var ids = new int[LengthOf(document)];
        CopyTo(document, 0, ids);
        return ids;
    }

    /// <summary>The first documents, as many as fit in <paramref name="maxTokens"/>, and at least one.</summary>
    public TokenizedDocuments Take(long maxTokens)
    {
        int count = Count;
        while (count > 1 && _starts[count] > maxTokens)
        {
            count--;
        }

        return count == Count ? this : new TokenizedDocuments(_ids[..(int)_starts[count]], Array.ConvertAll(_starts[..(count + 1)], start => (int)start), BosId);
    }

    /// <summary>
    /// The SHA-256 of each document's length and ids, in hex: a run that is resumed on other data, another split or another tokenizer sees it.
    /// </summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int document = 0; document < Count; document++)
        {
            hash.AppendData(MemoryMarshal.AsBytes<int>([LengthOf(document), .. ToArray(document)]));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>
    /// How many of these documents are, token for token, among <paramref name="others"/>: 0 for an honest validation set.
    /// </summary>
    public int CountOverlap(TokenizedDocuments others)
    {
        var hashes = new HashSet<ContentHash>();
        for (int document = 0; document < others.Count; document++)
        {
            hashes.Add(ContentHash.Of(MemoryMarshal.AsBytes<int>(others.ToArray(document))));
        }

        int overlap = 0;
        for (int document = 0; document < Count; document++)
        {
            overlap += hashes.Contains(ContentHash.Of(MemoryMarshal.AsBytes<int>(ToArray(document)))) ? 1 : 0;
        }

        return overlap;
    }

    /// <summary>Encodes <paramref name="documents"/> and puts BOS in front of each.</summary>
    /// <exception cref="UserException">A text holds what the tokenizer has no id for, or there are more than 2³¹ tokens.</exception>
    public static TokenizedDocuments Encode(IReadOnlyList<Document> documents, ITokenizer tokenizer)
    {
        // A token a UTF-16 unit, and BOS: exact for plain text, so the largest array of all is not copied.
        long expected = documents.Sum(document => document.Text.Length + 1L);
        var ids = new int[Math.Min(expected, Array.MaxLength)];
        var starts = new int[documents.Count + 1];
        int count = 0;
        for (int i = 0; i < documents.Count; i++)
        {
            int[] tokens = EncodeOne(documents[i], tokenizer);
            long needed = (long)count + 1 + tokens.Length;
            if (needed > Array.MaxLength)
            {
                throw new UserException($"{documents[i].Name}: with it the corpus has more than {Array.MaxLength} tokens; take a subset.");
            }

            if (needed > ids.Length)
            {
                Array.Resize(ref ids, (int)Math.Min(Math.Max(needed, ids.Length * 3L / 2), Array.MaxLength));
            }

            ids[count] = tokenizer.BosId;
            tokens.CopyTo(ids, count + 1);
            count = starts[i + 1] = (int)needed;
        }

        Array.Resize(ref ids, count);
        return new TokenizedDocuments(ids, starts, tokenizer.BosId);
    }

    private static int[] EncodeOne(Document document, ITokenizer tokenizer)
    {
        try
        {
            return tokenizer.Encode(document.Text);
        }
        catch (UserException fault)
        {
            throw new UserException($"{document.Name}: {fault.Message}", fault.ExitCode, fault);
        }
    }
}
