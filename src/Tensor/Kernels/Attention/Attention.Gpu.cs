namespace TinyLM;

public static partial class Attention
{
    private const int WarpsPerBlock = 4;
    private const int ThreadsPerBlock = WarpsPerBlock * WarpReduce.Lanes;

    private static readonly GpuKernel WarpForward = new(WarpForwardKernel);
    private static readonly GpuKernel WarpQueryGradient = new(WarpQueryGradientKernel);
    private static readonly GpuKernel WarpKeyValueGradient = new(WarpKeyValueGradientKernel);
    private static readonly GpuKernel AppendToCache = new(AppendToCacheKernel);

    private static void ForwardOnGpu(GpuDevice device, in Operands operands, AttentionShape shape, Tensor y, Tensor logSumExp)
    {
        AttentionBounds bounds = device.AttentionBoundsOf(operands.QueryOffsets, operands.Offsets);
        int rows = operands.Queries.Rows;
        device.Launch(WarpForward, Blocks(rows * shape.QueryHeads), ThreadsPerBlock)
            .With(operands.Queries)
            .With(operands.Keys)
            .With(bounds.Tokens)
            .With(bounds.Starts)
            .With(y)
            .With(logSumExp)
            .With(rows)
            .With(0)
            .WithStruct(new Layout(shape, operands.QueryStride, operands.KeyStride, operands.KeyColumn))
            .Run();
    }

    private static void BackwardOnGpu(
        GpuDevice device, in Operands operands, AttentionShape shape, Tensor y, Tensor logSumExp, Tensor dy, Tensor dq, Tensor dkv)
    {
        AttentionBounds bounds = device.AttentionBoundsOf(operands.QueryOffsets, operands.Offsets);
        int rows = operands.Queries.Rows;
        int tokens = operands.Keys.Rows;
        var layout = new Layout(shape, operands.QueryStride, operands.KeyStride, operands.KeyColumn);
        Tensor deltas = device.Temporary(rows, shape.QueryHeads, "attention.delta");
        device.Launch(WarpQueryGradient, Blocks(rows * shape.QueryHeads), ThreadsPerBlock)
            .With(operands.Queries)
            .With(operands.Keys)
            .With(bounds.Tokens)
            .With(bounds.Starts)
            .With(y)
            .With(logSumExp)
            .With(dy)
            .With(deltas)
            .With(dq)
            .With(rows)
            .WithStruct(layout)
            .Run();
        device.Launch(WarpKeyValueGradient, Blocks(tokens * shape.KeyValueHeads), ThreadsPerBlock)
            .With(operands.Queries)
            .With(operands.Keys)
            .With(bounds.Rows)
            .With(bounds.FirstRows)
            .With(bounds.RowEnds)
            .With(logSumExp)
            .With(dy)
            .With(deltas)
            .With(dkv)
            .With(tokens)
            .WithStruct(layout)
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
            .With(default(IndexTensor))
            .With(y)
            .With(default(Tensor))
            .With(qkv.Rows)
            .With(cachedCount)
            .WithStruct(new Layout(shape, shape.TotalWidth, 2 * shape.KeyValueWidth, keyColumn: 0))
            .Run();
    }

    private static int Blocks(int warps) => (warps + WarpsPerBlock - 1) / WarpsPerBlock;

    /// <summary>What a kernel needs to know of the heads, and of where their queries and keys lie in a row.</summary>
    private readonly struct Layout(AttentionShape shape, int queryStride, int keyStride, int keyColumn)
    {
        public readonly int QueryStride = queryStride;
        public readonly int KeyStride = keyStride;
        public readonly int KeyColumn = keyColumn;
        public readonly int Heads = shape.QueryHeads;
        public readonly int GroupSize = shape.GroupSize;
        public readonly int HeadSize = shape.HeadSize;
        public readonly int KeyValueWidth = shape.KeyValueWidth;
        public readonly int Reach = shape.Reach;
        public readonly float Scale = shape.Scale;
        public readonly float Softcap = shape.Softcap;
    }
}
