using static TinyLM.Peers.Libtorch;

namespace TinyLM.Peers;

/// <summary>
/// What libtorch has no function for, from its own ops and with its own automatic gradients. Documents are a mask over all pairs of tokens here,
/// and every row of scores is held: nothing is shared with TinyLM's kernels but the definition.
/// </summary>
internal static class TorchOps
{
    /// <summary>The norm of the last dimension.</summary>
    public static TorchTensor RmsNorm(TorchTensor x, TorchTensor? gain, double epsilon)
    {
        TorchTensor normed = x * (x.square().mean([-1], keepdim: true) + epsilon).rsqrt();
        return gain is null ? normed : normed * gain.flatten();
    }

    /// <inheritdoc cref="RmsNorm"/>
    public static TorchTensor LayerNorm(TorchTensor x, TorchTensor? gain, TorchTensor? bias, double epsilon) =>
        F.layer_norm(x, [x.shape[^1]], gain?.flatten(), bias?.flatten(), epsilon);

    /// <summary>An op on the first heads of each row, as [rows, heads, size]; the columns after them stay.</summary>
    public static TorchTensor OfHeads(TorchTensor x, int heads, int size, Func<TorchTensor, TorchTensor> op)
    {
        long rows = x.shape[0], columns = (long)heads * size;
        return torch.cat([op(x.narrow(1, 0, columns).reshape(rows, heads, size)).reshape(rows, columns), x.narrow(1, columns, x.shape[1] - columns)], 1);
    }

    /// <summary>The first columns of each head turn by their token's position in its document, pairs half of them apart.</summary>
    public static TorchTensor Rotary(TorchTensor x, DocumentOffsets offsets, int heads, int size, int rotarySize, double @base, double scale)
    {
        int half = rotarySize / 2;
        TorchTensor frequencies = torch.pow(@base, torch.arange(0, rotarySize, 2, dtype: torch.float64) / -rotarySize);
        TorchTensor angles = (Indices(offsets.Positions.ToArray()).to(torch.float64) / scale).unsqueeze(1) * frequencies;
        TorchTensor cosine = angles.cos().unsqueeze(1), sine = angles.sin().unsqueeze(1);
        return OfHeads(x, heads, size, part =>
        {
            TorchTensor first = part.narrow(2, 0, half), second = part.narrow(2, half, half);
            return torch.cat([first * cosine - second * sine, first * sine + second * cosine, part.narrow(2, rotarySize, size - rotarySize)], 2);
        });
    }

    /// <summary>Which tokens (columns) each token (row) sees: those of its document up to itself, of a window the last ones.</summary>
    public static TorchTensor Sight(DocumentOffsets offsets, int window = 0)
    {
        TorchTensor documents = Indices(Documents(offsets)), places = torch.arange(offsets.TokenCount);
        TorchTensor distance = places.unsqueeze(1) - places.unsqueeze(0);
        TorchTensor sight = documents.unsqueeze(1).eq(documents.unsqueeze(0)).logical_and(distance.ge(0));
        return window > 0 ? sight.logical_and(distance.lt(window)) : sight;
    }

    /// <summary>softmax(q·kᵀ · scale)·v over what is in sight.</summary>
    /// <param name="q">[queries, H·D].</param>
    /// <param name="kv">[tokens, 2·Hkv·D]: keys, then values.</param>
    /// <param name="sight">[queries, tokens].</param>
    /// <param name="shape">H, Hkv and D, softcap and scale; its window is in the sight.</param>
    /// <returns>[queries, H·D].</returns>
    public static TorchTensor Attention(TorchTensor q, TorchTensor kv, TorchTensor sight, AttentionShape shape)
    {
        TorchTensor[] keysAndValues = kv.chunk(2, 1);
        TorchTensor queries = Split(q, shape.QueryHeads), keys = Shared(keysAndValues[0]), values = Shared(keysAndValues[1]);
        TorchTensor scores = Capped(queries.matmul(keys.transpose(1, 2)) * shape.Scale, shape.Softcap);
        TorchTensor weights = scores.masked_fill(sight.logical_not(), double.NegativeInfinity).softmax(-1);
        return weights.matmul(values).transpose(0, 1).reshape(q.shape[0], shape.QueryWidth);

        // [heads, rows, D]; a key/value head serves a group of query heads.
        TorchTensor Split(TorchTensor x, int heads) => x.reshape(x.shape[0], heads, shape.HeadSize).transpose(0, 1);
        TorchTensor Shared(TorchTensor x) => Split(x, shape.KeyValueHeads).repeat_interleave(shape.QueryHeads / shape.KeyValueHeads, 0);
    }

    /// <summary>The loss of each token, [tokens, 1].</summary>
    public static TorchTensor CrossEntropy(TorchTensor logits, int[] targets, CrossEntropyOptions options)
    {
        TorchTensor capped = Capped(logits, options.Softcap), ids = Indices(targets);
        TorchTensor losses = F.cross_entropy(capped, ids, ignore_index: TargetBuilder.None, reduction: torch.nn.Reduction.None);
        return (losses + options.ZLoss * capped.logsumexp(1).square() * ids.ge(0)).unsqueeze(1);
    }

    public static TorchTensor Capped(TorchTensor x, double cap) => cap > 0 ? cap * (x / cap).tanh() : x;

    /// <summary>The document of each token.</summary>
    private static IEnumerable<int> Documents(DocumentOffsets offsets) =>
        Enumerable.Range(0, offsets.DocumentCount).SelectMany(document => Enumerable.Repeat(document, offsets.LengthOf(document)));
}
