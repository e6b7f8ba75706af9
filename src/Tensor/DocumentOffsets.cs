namespace TinyLM;

/// <summary>
/// Where the documents of a flat stream of tokens begin: <c>starts[0] == 0</c>, strictly rising, the last entry equal to the
/// number of tokens. FlashAttention's <c>cu_seqlens</c>, without empty documents and without rows past the last one.
/// </summary>
public sealed class DocumentOffsets
{
    private readonly int[] _starts;
    private int[]? _positions;
    private int[]? _longestFirst;

    /// <param name="starts">[documents + 1]: the first token of each document, then the number of tokens.</param>
    /// <exception cref="ArgumentException">The starts do not begin at 0 or do not rise strictly.</exception>
    public DocumentOffsets(ReadOnlySpan<int> starts)
    {
        if (starts.Length < 2)
        {
            throw new ArgumentException($"DocumentOffsets: {starts.Length} entries, expected at least 2: 0 and the number of tokens.");
        }

        if (starts[0] != 0)
        {
            throw new ArgumentException($"DocumentOffsets: the first entry is {starts[0]}, expected 0.");
        }

        for (int document = 0; document + 1 < starts.Length; document++)
        {
            long length = (long)starts[document + 1] - starts[document];
            if (length <= 0)
            {
                throw new ArgumentException(
                    $"DocumentOffsets: document {document} has {length} tokens (from {starts[document]} to {starts[document + 1]}); "
                    + "leave empty documents out: the offsets must rise strictly.");
            }

            LongestDocument = Math.Max(LongestDocument, (int)length);
        }

        _starts = starts.ToArray();
    }

    /// <summary>[documents + 1]: the first token of each document, then the number of tokens.</summary>
    public ReadOnlySpan<int> Starts => _starts;

    public int DocumentCount => _starts.Length - 1;

    public int TokenCount => _starts[^1];

    public int LongestDocument { get; }

    /// <summary>[tokens]: the position of each token in its document.</summary>
    public ReadOnlySpan<int> Positions => _positions ??= ComputePositions();

    /// <summary>[documents]: the documents by falling length, equals in their order: so that no worker ends on a long one.</summary>
    internal int[] LongestFirst => _longestFirst ??= Enumerable.Range(0, DocumentCount).OrderByDescending(LengthOf).ToArray();

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

    private int[] ComputePositions()
    {
        var positions = new int[TokenCount];
        for (int document = 0; document < DocumentCount; document++)
        {
            for (int token = _starts[document]; token < _starts[document + 1]; token++)
            {
                positions[token] = token - _starts[document];
            }
        }

        return positions;
    }
}
