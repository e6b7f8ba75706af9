namespace TinyLM;

public static partial class Attention
{
    private const int WarpsPerBlock = 4;
    private const int ThreadsPerBlock = WarpsPerBlock * WarpReduce.Lanes;

    private static readonly GpuKernel WarpForward = new(WarpForwardKernel);
    private static readonly GpuKernel WarpQueryGradient = new(WarpQueryGradientKernel);
    private static readonly GpuKernel WarpKeyValueGradient = new(WarpKeyValueGradientKernel);
    private static readonly GpuKernel AppendToCache = new(AppendToCacheKernel);

    private static void ForwardOnGpu(
        GpuDevice device, Tensor qkv, DocumentOffsets offsets, AttentionShape shape, Tensor y, Tensor logSumExp) =>
        device.Launch(WarpForward, Blocks(qkv.Rows * shape.QueryHeads), ThreadsPerBlock)
            .With(qkv)
            .With(qkv)
            .With(device.DocumentBounds(offsets).Starts)
            .With(y)
            .With(logSumExp)
            .With(qkv.Rows)
            .With(shape.QueryHeads)
            .With(shape.GroupSize)
            .With(shape.HeadSize)
            .With(shape.TotalWidth)
            .With(shape.QueryWidth)
            .With(0)
            .With(shape.Scale)
            .Run();

    private static void BackwardOnGpu(
        GpuDevice device, Tensor qkv, DocumentOffsets offsets, AttentionShape shape, Tensor y, Tensor logSumExp, Tensor dy, Tensor dqkv)
    {
        var (starts, ends) = device.DocumentBounds(offsets);
        Tensor deltas = device.Temporary(qkv.Rows, shape.QueryHeads, "attention.delta");
        device.Launch(WarpQueryGradient, Blocks(qkv.Rows * shape.QueryHeads), ThreadsPerBlock)
            .With(qkv)
            .With(starts)
            .With(y)
            .With(logSumExp)
            .With(dy)
            .With(deltas)
            .With(dqkv)
            .With(qkv.Rows)
            .With(shape.QueryHeads)
            .With(shape.GroupSize)
            .With(shape.HeadSize)
            .With(shape.Scale)
            .Run();
        device.Launch(WarpKeyValueGradient, Blocks(qkv.Rows * shape.KeyValueHeads), ThreadsPerBlock)
            .With(qkv)
            .With(ends)
            .With(logSumExp)
            .With(dy)
            .With(deltas)
            .With(dqkv)
            .With(qkv.Rows)
            .With(shape.QueryHeads)
            .With(shape.GroupSize)
            .With(shape.HeadSize)
            .With(shape.Scale)
            .Run();
    }

    private static void ForwardCachedOnGpu(GpuDevice device, Tensor qkv, Tensor cache, int cachedCount, AttentionShape shape, Tensor y)
    {
        int appended = qkv.Rows * 2 * shape.KeyValueWidth;
        device.Launch(AppendToCache, (appended + ThreadsPerBlock - 1) / ThreadsPerBlock, ThreadsPerBlock)
            .With(qkv)
            .With(cache)
            .With(appended)
            .With(cachedCount)
            .With(shape.QueryWidth)
            .With(2 * shape.KeyValueWidth)
            .Run();
        device.Launch(WarpForward, Blocks(qkv.Rows * shape.QueryHeads), ThreadsPerBlock)
            .With(qkv)
            .With(cache)
            .With(default(IndexTensor))
            .With(y)
            .With(default(Tensor))
            .With(qkv.Rows)
            .With(shape.QueryHeads)
            .With(shape.GroupSize)
            .With(shape.HeadSize)
            .With(2 * shape.KeyValueWidth)
            .With(0)
            .With(cachedCount)
            .With(shape.Scale)
            .Run();
    }

    private static int Blocks(int warps) => (warps + WarpsPerBlock - 1) / WarpsPerBlock;
}
