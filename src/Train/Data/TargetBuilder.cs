namespace TinyLM;

/// <summary>
/// The one place that says what is predicted after a token: the next token of the same document. After a document's last token nothing
/// is, unless its end is scored too: then it is BOS, the beginning of whatever comes next. A document's first token, BOS, is context
/// and never a target of its own document. How a document is cut into chunks or rows does not matter: the target of a chunk's last token
/// is the first of the next chunk.
/// </summary>
public static class TargetBuilder
{
    /// <summary>The target of a token after which nothing is predicted.</summary>
    public const int None = -1;

    /// <summary>The targets of tokens <paramref name="start"/>, <paramref name="start"/> + 1, … of a document.</summary>
    /// <param name="documents">The documents.</param>
    /// <param name="document">Which of them.</param>
    /// <param name="start">The first token whose target is asked for.</param>
    /// <param name="scoreEnd">Whether the document's end is predicted.</param>
    /// <param name="targets">Receives the targets, as many as it is long.</param>
    public static void Fill(TokenizedDocuments documents, int document, int start, bool scoreEnd, Span<int> targets)
    {
        int following = documents.LengthOf(document) - start - 1;
        if (following + 1 < targets.Length)
        {
            throw new ArgumentException(
                $"TargetBuilder: {targets.Length} targets from token {start} on, but the document has only {documents.LengthOf(document)} tokens.");
        }

        if (following < targets.Length)
        {
            targets[following] = scoreEnd ? documents.BosId : None;
            targets = targets[..following];
        }

        documents.CopyTo(document, start + 1, targets);
    }

    /// <summary>How many targets a document of <paramref name="tokenCount"/> tokens has.</summary>
    public static int CountTargets(int tokenCount, bool scoreEnd) => scoreEnd ? tokenCount : tokenCount - 1;

    /// <summary>How many targets all of the documents have.</summary>
    public static long CountTargets(TokenizedDocuments documents, bool scoreEnd)
    {
        long targets = 0;
        for (int document = 0; document < documents.Count; document++)
        {
            targets += CountTargets(documents.LengthOf(document), scoreEnd);
        }

        return targets;
    }

    /// <summary>Whole documents, one after another, as a batch.</summary>
    /// <param name="documents">At least one; each is [BOS] + tokens.</param>
    /// <param name="scoreEnd">Whether the documents' ends are predicted.</param>
    public static TokenBatch Build(TokenizedDocuments documents, bool scoreEnd = false)
    {
        var offsets = DocumentOffsets.FromLengths([.. Enumerable.Range(0, documents.Count).Select(documents.LengthOf)]);
        int[] ids = new int[offsets.TokenCount], targets = new int[offsets.TokenCount];
        for (int document = 0; document < documents.Count; document++)
        {
            int start = offsets.Starts[document], length = documents.LengthOf(document);
            documents.CopyTo(document, 0, ids.AsSpan(start, length));
            Fill(documents, document, 0, scoreEnd, targets.AsSpan(start, length));
        }

        return new TokenBatch(ids, targets, offsets);
    }
}
