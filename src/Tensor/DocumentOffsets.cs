namespace TinyLM;

/// <summary>
/// Where the documents of a flat stream of tokens begin: <c>starts[0] == 0</c>, strictly rising, the last entry equal to the
/// number of tokens. FlashAttention's <c>cu_seqlens</c>, without empty documents and without rows past the last one.
/// </summary>
public sealed class DocumentOffsets
{
    private int[] _starts = [], _positions = [], _longestFirst = [];
    private long[] _sortKeys = [];
    private bool _knowsPositions, _knowsLongest;

    /// <param name="starts">[documents + 1]: the first token of each document, then the number of tokens.</param>
    /// <exception cref="ArgumentException">The starts do not begin at 0 or do not rise strictly.</exception>
    public DocumentOffsets(ReadOnlySpan<int> starts)
    {
        Set(starts);
    }

    /// <summary>[documents + 1]: the first token of each document, then the number of tokens.</summary>
    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, DocumentCount + 1);

    public int DocumentCount { get; private set; }

    public int TokenCount { get; private set; }

    public int LongestDocument { get; private set; }

    /// <summary>[tokens]: the position of each token in its document.</summary>
    public ReadOnlySpan<int> Positions
    {
        get
        {
            if (!_knowsPositions)
            {
                ComputePositions();
            }

            return _positions.AsSpan(0, TokenCount);
        }
    }

    /// <summary>The documents by falling length, equals in their order: so that no worker ends on a long one. The first <see cref="DocumentCount"/> entries count.</summary>
    internal int[] LongestFirst
    {
        get
        {
            if (!_knowsLongest)
            {
                SortByLength();
            }

            return _longestFirst;
        }
    }

    public int LengthOf(int document) => _starts[document + 1] - _starts[document];

    /// <summary>One document of <paramref name="tokenCount"/> tokens.</summary>
    public static DocumentOffsets OneDocument(int tokenCount) => new([0, tokenCount]);

    /// <summary>Documents of the given lengths, one after another.</summary>
    public static DocumentOffsets FromLengths(params ReadOnlySpan<int> lengths)
    {
        var starts = new int[lengths.Length + 1];
        for (int document = 0; document < lengths.Length; document++)
        {
            starts[document + 1] = checked(starts[document] + lengths[document]);
        }

        return new DocumentOffsets(starts);
    }

    /// <summary>Rows of <paramref name="rowLength"/> tokens, the last one shorter where it must be: the "packed, dense" layout.</summary>
    public static DocumentOffsets Rows(int tokenCount, int rowLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowLength, 1);
        var starts = new List<int>();
        for (int start = 0; start < tokenCount; start += rowLength)
        {
            starts.Add(start);
        }

        starts.Add(tokenCount);
        return new DocumentOffsets(starts.ToArray());
    }

    /// <summary>Other documents in the same object, whose memory is used again, so that a loader need not allocate. No running step may have seen it.</summary>
    /// <inheritdoc cref="DocumentOffsets(ReadOnlySpan{int})"/>
    public void Set(ReadOnlySpan<int> starts)
    {
        if (starts.Length < 2)
        {
            throw new ArgumentException($"DocumentOffsets: {starts.Length} entries, expected at least 2: 0 and the number of tokens.");
        }

        if (starts[0] != 0)
        {
            throw new ArgumentException($"DocumentOffsets: the first entry is {starts[0]}, expected 0.");
        }

        int longest = 0;
        for (int document = 0; document + 1 < starts.Length; document++)
        {
            long length = (long)starts[document + 1] - starts[document];
            if (length <= 0)
            {
                throw new ArgumentException(
                    $"DocumentOffsets: document {document} has {length} tokens (from {starts[document]} to {starts[document + 1]}); "
                    + "leave empty documents out: the offsets must rise strictly.");
            }

            longest = Math.Max(longest, (int)length);
        }

        Grow(ref _starts, starts.Length);
        starts.CopyTo(_starts);
        (DocumentCount, TokenCount, LongestDocument) = (starts.Length - 1, starts[^1], longest);
        (_knowsPositions, _knowsLongest) = (false, false);
    }

    private void ComputePositions()
    {
        Grow(ref _positions, TokenCount);
        for (int document = 0; document < DocumentCount; document++)
        {
            for (int token = _starts[document]; token < _starts[document + 1]; token++)
            {
                _positions[token] = token - _starts[document];
            }
        }

        _knowsPositions = true;
    }

    private void SortByLength()
    {
        Grow(ref _longestFirst, DocumentCount);
        Grow(ref _sortKeys, DocumentCount);
        Span<long> keys = _sortKeys.AsSpan(0, DocumentCount);
        for (int document = 0; document < keys.Length; document++)
        {
            keys[document] = ((long)-LengthOf(document) << 32) + document;
        }

        keys.Sort();
        for (int i = 0; i < keys.Length; i++)
        {
            _longestFirst[i] = (int)keys[i];
        }

        _knowsLongest = true;
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[length];
        }
    }
}
