using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TinyLM;

/// <summary>
/// Documents as token ids, one after another: each is <c>[BOS] + its tokens</c>. A document of n tokens has n - 1 targets
/// (see <see cref="TargetBuilder"/>), so one of a single token, BOS, has none. Ids are copied out a range at a time: those of a
/// <see cref="TokenStore"/> stay in its file.
/// </summary>
public sealed class TokenizedDocuments
{
    private const int IdsAtOnce = 1 << 16;

    private readonly TokenIds _ids;
    private readonly long[] _starts;
    private readonly string? _fingerprint;

    /// <summary>Documents in memory.</summary>
    /// <param name="ids">[tokens]: the token ids of all documents.</param>
    /// <param name="starts">[documents + 1]: the first token of each document, then the number of tokens. <c>[0]</c> for no
    /// documents.</param>
    /// <param name="bosId">The id that each document begins with.</param>
    /// <exception cref="ArgumentException">The starts do not run from 0 to the number of tokens, or a document does not begin with
    /// BOS.</exception>
    public TokenizedDocuments(int[] ids, int[] starts, int bosId)
        : this(new ArrayTokenIds(ids), Array.ConvertAll(starts, start => (long)start), starts.Length - 1, bosId, null)
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
    }

    /// <param name="ids">The token ids.</param>
    /// <param name="starts">[documents + 1] or more: the first token of each document, then where the last ends.</param>
    /// <param name="count">How many documents.</param>
    /// <param name="bosId">The id that each document begins with.</param>
    /// <param name="fingerprint">What <see cref="Fingerprint"/> is to tell, where that is known.</param>
    internal TokenizedDocuments(TokenIds ids, long[] starts, int count, int bosId, string? fingerprint)
    {
        (_ids, _starts, Count, BosId, _fingerprint) = (ids, starts, count, bosId, fingerprint);
    }

    /// <summary>How many documents there are; may be 0.</summary>
    public int Count { get; }

    /// <summary>How many tokens all documents have together, BOS included.</summary>
    public long TokenCount => _starts[Count];

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

        _ids.CopyTo(_starts[document] + start, ids);
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

        return count == Count ? this : new TokenizedDocuments(_ids, _starts, count, BosId, null);
    }

    /// <summary>The first documents, at most <paramref name="maxDocuments"/>.</summary>
    public TokenizedDocuments TakeDocuments(int maxDocuments) => maxDocuments >= Count ? this : new TokenizedDocuments(_ids, _starts, maxDocuments, BosId, null);

    /// <summary>
    /// The SHA-256 of all ids (int32), then of all starts (int64), in hex: a run that is resumed on other data, another split or another tokenizer sees it.
    /// </summary>
    public string Fingerprint()
    {
        if (_fingerprint is not null)
        {
            return _fingerprint;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var ids = new int[Math.Min(IdsAtOnce, TokenCount)];
        for (long start = 0; start < TokenCount; start += ids.Length)
        {
            Span<int> part = ids.AsSpan(0, (int)Math.Min(ids.Length, TokenCount - start));
            _ids.CopyTo(start, part);
            hash.AppendData(MemoryMarshal.AsBytes(part));
        }

        hash.AppendData(MemoryMarshal.AsBytes(_starts.AsSpan(0, Count + 1)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>
    /// How many of these documents are, token for token, among <paramref name="others"/>: 0 for an honest validation set.
    /// </summary>
    public int CountOverlap(TokenizedDocuments others)
    {
        ArgumentNullException.ThrowIfNull(others);
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
}
