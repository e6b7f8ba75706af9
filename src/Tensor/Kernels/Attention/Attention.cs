namespace TinyLM;

/// <summary>
/// Causal softmax attention over a stream of documents: token t of a document sees the tokens of that document up to t, and no
/// others. y = softmax(q·kᵀ/√D)·v for each head. There is no mask, and nothing is computed for pairs that do not see each other
/// beyond the edges of tiles: with a window, the cost falls with it. A document's result has the same bits whatever else is in the
/// stream, and a tail of its rows the same as in a pass over all.
/// </summary>
/// <remarks>
/// torch.nn.functional.scaled_dot_product_attention(is_causal=True) for each document; FlashAttention's varlen functions (Dao et
/// al., 2022), from which the backward pass takes the recomputation of probabilities from the log-sum-exp.
/// </remarks>
public static partial class Attention
{
    /// <summary>The largest head size that the GPU's kernels take.</summary>
    public const int LargestHeadOnGpu = 128;

    /// <summary>y = attention(qkv).</summary>
    /// <param name="qkv">[tokens, (H + 2·Hkv)·D]: the queries of all heads, then the keys, then the values.</param>
    /// <param name="offsets">The documents of the stream.</param>
    /// <param name="shape">H, Hkv and D, window and scores.</param>
    /// <param name="y">[tokens, H·D].</param>
    /// <param name="logSumExp">[tokens, H]: ln Σ exp(score), kept for the backward pass.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void Forward(Tensor qkv, DocumentOffsets offsets, AttentionShape shape, Tensor y, Tensor logSumExp)
    {
        Check(qkv, offsets, shape);
        Forward(Operands.Whole(qkv, offsets, shape), shape, y, logSumExp);
    }

    /// <summary>
    /// The same with queries of the last tokens of each document alone: what scoring with overlapping windows needs. Each row has the bits
    /// that it has in a pass over all.
    /// </summary>
    /// <param name="q">[queries, H·D]: those of the tails, one after another.</param>
    /// <param name="queryOffsets">The tails; document d's is its last <c>queryOffsets.LengthOf(d)</c> tokens, at least one.</param>
    /// <param name="kv">[tokens, 2·Hkv·D]: the keys of all tokens and heads, then the values.</param>
    /// <param name="offsets">The documents of the stream.</param>
    /// <param name="shape">H, Hkv and D, window and scores.</param>
    /// <param name="y">[queries, H·D].</param>
    /// <param name="logSumExp">[queries, H]: ln Σ exp(score), kept for the backward pass.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or a tail is longer than its document.</exception>
    public static void ForwardTail(
        Tensor q, DocumentOffsets queryOffsets, Tensor kv, DocumentOffsets offsets, AttentionShape shape, Tensor y, Tensor logSumExp)
    {
        CheckTail(q, queryOffsets, kv, offsets, shape);
        Forward(Operands.Tail(q, queryOffsets, kv, offsets, shape), shape, y, logSumExp);
    }

    /// <summary>The gradient of qkv from the gradient of y. Writes all of <paramref name="dqkv"/>.</summary>
    /// <param name="qkv">As in the forward pass.</param>
    /// <param name="offsets">As in the forward pass.</param>
    /// <param name="shape">As in the forward pass.</param>
    /// <param name="y">The forward pass's result.</param>
    /// <param name="logSumExp">The forward pass's log-sum-exp.</param>
    /// <param name="dy">[tokens, H·D]: the gradient of y.</param>
    /// <param name="dqkv">[tokens, (H + 2·Hkv)·D].</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void Backward(
        Tensor qkv, DocumentOffsets offsets, AttentionShape shape, Tensor y, Tensor logSumExp, Tensor dy, Tensor dqkv)
    {
        Check(qkv, offsets, shape);
        Check("dqkv", dqkv, qkv, offsets.TokenCount, shape.TotalWidth);
        Backward(Operands.Whole(qkv, offsets, shape), shape, y, logSumExp, dy, dqkv, dqkv);
    }

    /// <summary>The gradients of q and kv from the gradient of y. Writes all of <paramref name="dq"/> and <paramref name="dkv"/>.</summary>
    /// <param name="q">As in the forward pass.</param>
    /// <param name="queryOffsets">As in the forward pass.</param>
    /// <param name="kv">As in the forward pass.</param>
    /// <param name="offsets">As in the forward pass.</param>
    /// <param name="shape">As in the forward pass.</param>
    /// <param name="y">The forward pass's result.</param>
    /// <param name="logSumExp">The forward pass's log-sum-exp.</param>
    /// <param name="dy">[queries, H·D]: the gradient of y.</param>
    /// <param name="dq">[queries, H·D].</param>
    /// <param name="dkv">[tokens, 2·Hkv·D]; zeros where no query sees the token.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void BackwardTail(
        Tensor q,
        DocumentOffsets queryOffsets,
        Tensor kv,
        DocumentOffsets offsets,
        AttentionShape shape,
        Tensor y,
        Tensor logSumExp,
        Tensor dy,
        Tensor dq,
        Tensor dkv)
    {
        CheckTail(q, queryOffsets, kv, offsets, shape);
        Check("dq", dq, q, q.Rows, q.Columns);
        Check("dkv", dkv, q, kv.Rows, kv.Columns);
        Backward(Operands.Tail(q, queryOffsets, kv, offsets, shape), shape, y, logSumExp, dy, dq, dkv);
    }

    /// <summary>
    /// Generation: the newest tokens of one document see themselves and the cached ones. Their keys and values are appended to the
    /// cache.
    /// </summary>
    /// <param name="qkv">[new tokens, (H + 2·Hkv)·D].</param>
    /// <param name="cache">[capacity, 2·Hkv·D]: keys, then values, of the document's tokens.</param>
    /// <param name="cachedCount">Rows of the cache that are filled.</param>
    /// <param name="shape">H, Hkv and D, window and scores.</param>
    /// <param name="y">[new tokens, H·D].</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or the cache has no room.</exception>
    public static void ForwardCached(Tensor qkv, Tensor cache, int cachedCount, AttentionShape shape, Tensor y)
    {
        CheckQkv(qkv, shape);
        Check("y", y, qkv, qkv.Rows, shape.QueryWidth);
        Check("cache", cache, qkv, cache.Rows, 2 * shape.KeyValueWidth);
        if (cachedCount < 0 || cachedCount + (long)qkv.Rows > cache.Rows)
        {
            throw new ArgumentException(
                $"attention: {cachedCount} cached and {qkv.Rows} new tokens do not fit the cache's {cache.Rows} rows; allocate a longer one.");
        }

        if (qkv.Rows == 0)
        {
            return;
        }

        switch (qkv.Device)
        {
            case CpuDevice cpu:
                ForwardCachedOnCpu(cpu, qkv, cache, cachedCount, shape, y);
                break;
            case GpuDevice gpu:
                ForwardCachedOnGpu(gpu, qkv, cache, cachedCount, shape, y);
                break;
        }
    }

    private static void Forward(in Operands operands, AttentionShape shape, Tensor y, Tensor logSumExp)
    {
        Check("y", y, operands.Queries, operands.QueryOffsets.TokenCount, shape.QueryWidth);
        Check("logSumExp", logSumExp, operands.Queries, operands.QueryOffsets.TokenCount, shape.QueryHeads);
        switch (operands.Queries.Device)
        {
            case CpuDevice cpu:
                ForwardOnCpu(cpu, operands, shape, y, logSumExp);
                break;
            case GpuDevice gpu:
                ForwardOnGpu(gpu, operands, shape, y, logSumExp);
                break;
        }
    }

    /// <summary>Gradients lie as the operands do.</summary>
    private static void Backward(
        in Operands operands, AttentionShape shape, Tensor y, Tensor logSumExp, Tensor dy, Tensor dq, Tensor dkv)
    {
        Check("y", y, operands.Queries, operands.QueryOffsets.TokenCount, shape.QueryWidth);
        Check("logSumExp", logSumExp, operands.Queries, operands.QueryOffsets.TokenCount, shape.QueryHeads);
        Check("dy", dy, operands.Queries, operands.QueryOffsets.TokenCount, shape.QueryWidth);
        switch (operands.Queries.Device)
        {
            case CpuDevice cpu:
                BackwardOnCpu(cpu, operands, shape, y, logSumExp, dy, dq, dkv);
                break;
            case GpuDevice gpu:
                BackwardOnGpu(gpu, operands, shape, y, logSumExp, dy, dq, dkv);
                break;
        }
    }

    private static T Tanh<T>(T x)
        where T : struct, ILane<T> => T.Tanh(x);

    private static void Check(Tensor qkv, DocumentOffsets offsets, AttentionShape shape)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        CheckQkv(qkv, shape);
        if (qkv.Rows != offsets.TokenCount)
        {
            throw new ArgumentException($"attention: qkv has {qkv.Rows} rows, expected {offsets.TokenCount}, the tokens of the offsets.");
        }
    }

    private static void CheckQkv(Tensor qkv, AttentionShape shape)
    {
        shape.Check();
        if (qkv.Columns != shape.TotalWidth)
        {
            throw new ArgumentException(
                $"attention: qkv has {qkv.Columns} columns, expected {shape.TotalWidth}: {shape.QueryHeads} query heads and twice "
                + $"{shape.KeyValueHeads} key/value heads of size {shape.HeadSize}.");
        }

        CheckHeadSize(qkv.Device, shape);
    }

    private static void CheckTail(Tensor q, DocumentOffsets queryOffsets, Tensor kv, DocumentOffsets offsets, AttentionShape shape)
    {
        ArgumentNullException.ThrowIfNull(queryOffsets);
        ArgumentNullException.ThrowIfNull(offsets);
        shape.Check();
        Check("q", q, q, queryOffsets.TokenCount, shape.QueryWidth);
        Check("kv", kv, q, offsets.TokenCount, 2 * shape.KeyValueWidth);
        CheckHeadSize(q.Device, shape);
        if (queryOffsets.DocumentCount != offsets.DocumentCount)
        {
            throw new ArgumentException($"attention: queries of {queryOffsets.DocumentCount} documents, expected {offsets.DocumentCount}, those of the keys.");
        }

        for (int document = 0; document < offsets.DocumentCount; document++)
        {
            if (queryOffsets.LengthOf(document) > offsets.LengthOf(document))
            {
                throw new ArgumentException(
                    $"attention: document {document} has {queryOffsets.LengthOf(document)} queries, expected at most {offsets.LengthOf(document)}, its tokens.");
            }
        }
    }

    private static void CheckHeadSize(Device device, AttentionShape shape)
    {
        if (device is GpuDevice && shape.HeadSize > LargestHeadOnGpu)
        {
            throw new ArgumentException($"attention: heads of size {shape.HeadSize}, on a GPU at most {LargestHeadOnGpu}; take more heads.");
        }
    }

    private static void Check(string name, Tensor tensor, Tensor queries, int rows, int columns)
    {
        if (tensor.Rows != rows || tensor.Columns != columns)
        {
            throw new ArgumentException($"attention: {name} is [{tensor.Rows}, {tensor.Columns}], expected [{rows}, {columns}].");
        }

        if (tensor.Device != queries.Device)
        {
            throw new ArgumentException($"attention: {name} is on another device, {tensor.Device.Description}, expected {queries.Device.Description}, as the queries.");
        }
    }

    /// <summary>Where queries, keys and values lie: side by side in one matrix, or the queries of tails in their own.</summary>
    private readonly record struct Operands(
        Tensor Queries, int QueryStride, DocumentOffsets QueryOffsets, Tensor Keys, int KeyStride, int KeyColumn, DocumentOffsets Offsets)
    {
        public static Operands Whole(Tensor qkv, DocumentOffsets offsets, AttentionShape shape) =>
            new(qkv, shape.TotalWidth, offsets, qkv, shape.TotalWidth, shape.QueryWidth, offsets);

        public static Operands Tail(Tensor q, DocumentOffsets queryOffsets, Tensor kv, DocumentOffsets offsets, AttentionShape shape) =>
            new(q, shape.QueryWidth, queryOffsets, kv, 2 * shape.KeyValueWidth, 0, offsets);
    }
}
