namespace TinyLM;

/// <summary>
/// Pieces of documents as one stream, of which the last targets of each are scored. Documents of one token without a target join where the scored tokens are so few
/// that products would take another path: so a score has the same bits in any company.
/// </summary>
internal sealed class TailStream
{
    /// <summary>Documents that may follow the pieces.</summary>
    public const int MostPadding = MatMul.FewRows + 1;

    /// <summary>A pass over more at once is no faster, and what it computes leaves the caches.</summary>
    public const int TokensPerPass = 4096;

    private readonly IReadOnlyList<DocumentPiece> _pieces;

    /// <param name="documents">Of which the pieces are.</param>
    /// <param name="pieces">At least one; each scores at least one target.</param>
    /// <param name="scoreEnd">Whether the end of each document is a target.</param>
    public TailStream(TokenizedDocuments documents, IReadOnlyList<DocumentPiece> pieces, bool scoreEnd)
    {
        _pieces = pieces;
        int scored = pieces.Sum(piece => piece.Scored);
        int[] padding = scored > MatMul.FewRows ? [] : [.. Enumerable.Repeat(1, MostPadding)];
        ScoredCount = scored;
        Offsets = DocumentOffsets.FromLengths([.. pieces.Select(piece => piece.Length), .. padding]);
        Tails = DocumentOffsets.FromLengths([.. pieces.Select(piece => piece.Scored), .. padding]);
        (Ids, Targets) = (new int[Offsets.TokenCount], new int[Tails.TokenCount]);
        Array.Fill(Targets, TargetBuilder.None);
        for (int i = 0; i < pieces.Count; i++)
        {
            DocumentPiece piece = pieces[i];
            documents.CopyTo(piece.Document, piece.Start, Ids.AsSpan(Offsets.Starts[i], piece.Length));
            TargetBuilder.Fill(documents, piece.Document, piece.Start + piece.Length - piece.Scored, scoreEnd, Targets.AsSpan(Tails.Starts[i], piece.Scored));
        }
    }

    public DocumentOffsets Offsets { get; }

    public DocumentOffsets Tails { get; }

    public int[] Ids { get; }

    public int[] Targets { get; }

    /// <summary>Targets of all pieces.</summary>
    public int ScoredCount { get; }

    /// <summary>Writes the nats of each piece to its place.</summary>
    /// <param name="losses">[tail tokens].</param>
    /// <param name="nats">Of all documents.</param>
    /// <param name="firstTargets">[documents]: where each document's nats begin.</param>
    public void Store(ReadOnlySpan<float> losses, float[] nats, int[] firstTargets)
    {
        for (int i = 0; i < _pieces.Count; i++)
        {
            DocumentPiece piece = _pieces[i];
            int first = firstTargets[piece.Document] + piece.Start + piece.Length - piece.Scored;
            losses.Slice(Tails.Starts[i], piece.Scored).CopyTo(nats.AsSpan(first, piece.Scored));
        }
    }

    /// <summary>Where each document's nats begin, and after the last one their number.</summary>
    public static int[] FirstTargets(TokenizedDocuments documents, bool scoreEnd)
    {
        var first = new int[documents.Count + 1];
        for (int document = 0; document < documents.Count; document++)
        {
            first[document + 1] = checked(first[document] + TargetBuilder.CountTargets(documents.LengthOf(document), scoreEnd));
        }

        return first;
    }
}

/// <param name="Document">Which.</param>
/// <param name="Start">Its first token in the stream.</param>
/// <param name="Length">Tokens.</param>
/// <param name="Scored">Its last tokens, whose targets are scored; those before are context.</param>
internal readonly record struct DocumentPiece(int Document, int Start, int Length, int Scored);
