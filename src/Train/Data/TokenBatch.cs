using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>One step's tokens: a flat stream of ids, what is to be predicted after each, and where the documents begin.</summary>
public sealed class TokenBatch
{
    private readonly List<int> _starts = [];
    private int[] _ids = [], _targets = [];
    private DocumentOffsets? _offsets;

    /// <summary>An empty one, for <see cref="DocumentShuffler.Next(TokenBatch)"/> to fill.</summary>
    public TokenBatch()
    {
    }

    /// <param name="ids">[tokens]: the input's token ids.</param>
    /// <param name="targets">[tokens]: the id to predict after each token, or <see cref="TargetBuilder.None"/>.</param>
    /// <param name="offsets">Where the documents, chunks or rows begin: what attention and positions go by.</param>
    /// <exception cref="ArgumentException">The three do not have the same number of tokens.</exception>
    public TokenBatch(int[] ids, int[] targets, DocumentOffsets offsets)
    {
        if (ids.Length != targets.Length || ids.Length != offsets.TokenCount)
        {
            throw new ArgumentException(
                $"TokenBatch: {ids.Length} ids, {targets.Length} targets and offsets for {offsets.TokenCount} tokens; expected the "
                + "same number of each.");
        }

        (_ids, _targets, _offsets, TokenCount) = (ids, targets, offsets, ids.Length);
        TargetCount = CountTargets();
    }

    /// <summary>[tokens]: the input's token ids.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, TokenCount);

    /// <summary>[tokens]: the id to predict after each token, or <see cref="TargetBuilder.None"/> where nothing is predicted.</summary>
    public ReadOnlySpan<int> Targets => _targets.AsSpan(0, TokenCount);

    /// <summary>Where the documents, chunks or rows begin: what attention and positions go by.</summary>
    public DocumentOffsets Offsets => _offsets ?? throw new InvalidOperationException("TokenBatch: it is empty; DocumentShuffler.Next(batch) fills it.");

    /// <summary>How many tokens have a target: what a summed loss is divided by.</summary>
    public int TargetCount { get; private set; }

    /// <summary>The number of tokens, with a target or without.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Makes it empty, to be filled by <see cref="Append"/> and <see cref="Complete"/>. Its memory stays, so that filling it again allocates nothing.</summary>
    internal void Clear()
    {
        _starts.Clear();
        TokenCount = 0;
    }

    /// <summary>Makes room for more tokens.</summary>
    /// <param name="count">How many.</param>
    /// <param name="beginsDocument">Whether attention and positions begin anew at the first of them.</param>
    /// <param name="ids">To be written.</param>
    /// <param name="targets">To be written.</param>
    internal void Append(int count, bool beginsDocument, out Span<int> ids, out Span<int> targets)
    {
        int start = TokenCount;
        TokenCount += count;
        if (TokenCount > _ids.Length)
        {
            int capacity = Math.Max(TokenCount, 2 * _ids.Length);
            Array.Resize(ref _ids, capacity);
            Array.Resize(ref _targets, capacity);
        }

        if (beginsDocument)
        {
            _starts.Add(start);
        }

        ids = _ids.AsSpan(start, count);
        targets = _targets.AsSpan(start, count);
    }

    internal void Complete()
    {
        _starts.Add(TokenCount);
        ReadOnlySpan<int> starts = CollectionsMarshal.AsSpan(_starts);
        if (_offsets is null)
        {
            _offsets = new DocumentOffsets(starts);
        }
        else
        {
            _offsets.Set(starts);
        }

        TargetCount = CountTargets();
    }

    /// <summary>Fills it with some documents of another batch.</summary>
    /// <param name="source">The other batch.</param>
    /// <param name="first">Its first document to take.</param>
    /// <param name="end">The document after the last one.</param>
    internal void Take(TokenBatch source, int first, int end)
    {
        Clear();
        for (int document = first; document < end; document++)
        {
            int start = source.Offsets.Starts[document], length = source.Offsets.LengthOf(document);
            Append(length, beginsDocument: true, out Span<int> ids, out Span<int> targets);
            source.Ids.Slice(start, length).CopyTo(ids);
            source.Targets.Slice(start, length).CopyTo(targets);
        }

        Complete();
    }

    private int CountTargets() => TokenCount - Targets.Count(TargetBuilder.None);
}
