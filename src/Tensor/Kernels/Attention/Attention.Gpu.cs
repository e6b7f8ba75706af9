namespace TinyLM;

public static partial class Attention
{
    private static void ForwardOnGpu(GpuDevice device, Tensor qkv, DocumentOffsets offsets, AttentionShape shape, Tensor y, Tensor logSumExp) =>
        throw new NotSupportedException();

    private static void BackwardOnGpu(
        GpuDevice device, Tensor qkv, DocumentOffsets offsets, AttentionShape shape, Tensor y, Tensor logSumExp, Tensor dy, Tensor dqkv) =>
        throw new NotSupportedException();

    private static void ForwardCachedOnGpu(GpuDevice device, Tensor qkv, Tensor cache, int cachedCount, AttentionShape shape, Tensor y) =>
        throw new NotSupportedException();
}
