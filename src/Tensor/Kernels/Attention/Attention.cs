namespace TinyLM;

/// <summary>
/// Causal softmax attention over a stream of documents: token t of a document sees the tokens of that document up to t, and no
/// others. y = softmax(q·kᵀ/√D)·v for each head. There is no mask, and nothing is computed for pairs that do not see each other
/// beyond the edges of tiles. A document's result has the same bits whatever else is in the stream.
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
    /// <param name="shape">H, Hkv and D.</param>
    /// <param name="y">[tokens, H·D].</param>
    /// <param name="logSumExp">[tokens, H]: ln Σ exp(score), kept for the backward pass.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void Forward(Tensor qkv, DocumentOffsets offsets, AttentionShape shape, Tensor y, Tensor logSumExp)
    {
        Check(qkv, offsets, shape);
        Check("y", y, qkv, offsets.TokenCount, shape.QueryWidth);
        Check("logSumExp", logSumExp, qkv, offsets.TokenCount, shape.QueryHeads);
        switch (qkv.Device)
        {
            case CpuDevice cpu:
                ForwardOnCpu(cpu, qkv, offsets, shape, y, logSumExp);
                break;
            case GpuDevice gpu:
                ForwardOnGpu(gpu, qkv, offsets, shape, y, logSumExp);
                break;
            default:
                throw NoKernel(qkv.Device);
        }
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
        Check("y", y, qkv, offsets.TokenCount, shape.QueryWidth);
        Check("logSumExp", logSumExp, qkv, offsets.TokenCount, shape.QueryHeads);
        Check("dy", dy, qkv, offsets.TokenCount, shape.QueryWidth);
        Check("dqkv", dqkv, qkv, offsets.TokenCount, shape.TotalWidth);
        switch (qkv.Device)
        {
            case CpuDevice cpu:
                BackwardOnCpu(cpu, qkv, offsets, shape, y, logSumExp, dy, dqkv);
                break;
            case GpuDevice gpu:
                BackwardOnGpu(gpu, qkv, offsets, shape, y, logSumExp, dy, dqkv);
                break;
            default:
                throw NoKernel(qkv.Device);
        }
    }

    /// <summary>
    /// Generation: the newest tokens of one document see themselves and the cached ones. Their keys and values are appended to the
    /// cache.
    /// </summary>
    /// <param name="qkv">[new tokens, (H + 2·Hkv)·D].</param>
    /// <param name="cache">[capacity, 2·Hkv·D]: keys, then values, of the document's tokens.</param>
    /// <param name="cachedCount">Rows of the cache that are filled.</param>
    /// <param name="shape">H, Hkv and D.</param>
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
            default:
                throw NoKernel(qkv.Device);
        }
    }

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

        if (qkv.Device is GpuDevice && shape.HeadSize > LargestHeadOnGpu)
        {
            throw new ArgumentException($"attention: heads of size {shape.HeadSize}, on a GPU at most {LargestHeadOnGpu}; take more heads.");
        }
    }

    private static void Check(string name, Tensor tensor, Tensor qkv, int rows, int columns)
    {
        if (tensor.Rows != rows || tensor.Columns != columns)
        {
            throw new ArgumentException($"attention: {name} is [{tensor.Rows}, {tensor.Columns}], expected [{rows}, {columns}].");
        }

        if (tensor.Device != qkv.Device)
        {
            throw new ArgumentException($"attention: {name} is on {tensor.Device.Description}, qkv on {qkv.Device.Description}.");
        }
    }

    private static NotSupportedException NoKernel(Device device) => new($"attention: no kernel for {device.Description}.");
}
