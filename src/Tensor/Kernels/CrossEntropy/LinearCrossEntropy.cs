namespace TinyLM;

/// <summary>
/// Cross-entropy of logits x·wᵀ that are never all held: rows go through in chunks, whose logits are made, used and overwritten. The classic
/// step would hold tokens × vocabulary floats, and their gradient as well. <remarks>Cut cross-entropy (Wijmans et al., 2024); the gradient in the
/// forward pass is that of Liger Kernel (Hsu et al., 2024).</remarks>
/// </summary>
public static class LinearCrossEntropy
{
    /// <summary>Logits held at once: 56 MB on a CPU, which a backward pass takes for its gradients later. Fewer would read the weights, and write their gradient, more often.</summary>
    private const int LargestChunk = 14 << 20;

    /// <summary>A GPU needs more rows to be busy.</summary>
    private const int LargestChunkOnGpu = 64 << 20;

    private const int TileRowsOnGpu = 128;

    /// <param name="x">[tokens, width].</param>
    /// <param name="weight">[vocabulary, width].</param>
    /// <param name="targets">[tokens], or -1.</param>
    /// <param name="losses">[tokens, 1].</param>
    /// <param name="logSumExp">[tokens, 1], which the backward pass needs.</param>
    /// <param name="options">Z-loss and softcap.</param>
    public static void Forward(Tensor x, Tensor weight, IndexTensor targets, Tensor losses, Tensor logSumExp, CrossEntropyOptions options = default)
    {
        Check(x, weight, targets, losses, nameof(losses));
        Shapes.Check(nameof(LinearCrossEntropy), nameof(logSumExp), logSumExp, x.Rows, 1);
        Tensor buffer = Buffer(x, weight);
        for (int start = 0; start < x.Rows; start += buffer.Rows)
        {
            int count = Math.Min(buffer.Rows, x.Rows - start);
            Tensor logits = Logits(x, weight, buffer, start, count);
            CrossEntropy.Forward(logits, targets.Range(start, count), losses.RowRange(start, count), logSumExp.RowRange(start, count), options);
        }

        x.Device.Arena.Recycle(buffer);
    }

    /// <summary>dx [tokens, width] and dweight [vocabulary, width], written or added to, either may be none: the logits are made once more.</summary>
    public static void Backward(
        Tensor x,
        Tensor weight,
        IndexTensor targets,
        Tensor logSumExp,
        Tensor dlosses,
        Tensor dx,
        bool accumulateX,
        Tensor dweight,
        bool accumulateWeight,
        CrossEntropyOptions options = default)
    {
        Check(x, weight, targets, dlosses, nameof(dlosses));
        Tensor buffer = Buffer(x, weight);
        for (int start = 0; start < x.Rows; start += buffer.Rows)
        {
            int count = Math.Min(buffer.Rows, x.Rows - start);
            Tensor logits = Logits(x, weight, buffer, start, count);
            AddGradients(
                x, weight, targets, logSumExp, dlosses, logits, start, dx, accumulateX, dweight, accumulateWeight || start > 0, options);
        }

        x.Device.Arena.Recycle(buffer);
    }

    /// <summary>
    /// Forward and backward in one: with the gradient of each loss known beforehand, a chunk's logits need not be made twice. Three products
    /// of the size of the head instead of four.
    /// </summary>
    public static void ForwardAndBackward(
        Tensor x, Tensor weight, IndexTensor targets, Tensor losses, Tensor dlosses, Tensor dx, Tensor dweight, CrossEntropyOptions options = default)
    {
        Check(x, weight, targets, losses, nameof(losses));
        Shapes.Check(nameof(LinearCrossEntropy), nameof(dlosses), dlosses, x.Rows, 1);
        Tensor buffer = Buffer(x, weight), logSumExp = x.Device.Temporary(x.Rows, 1);
        for (int start = 0; start < x.Rows; start += buffer.Rows)
        {
            int count = Math.Min(buffer.Rows, x.Rows - start);
            Tensor logits = Logits(x, weight, buffer, start, count);
            CrossEntropy.Forward(logits, targets.Range(start, count), losses.RowRange(start, count), logSumExp.RowRange(start, count), options);
            AddGradients(
                x, weight, targets, logSumExp, dlosses, logits, start, dx, accumulateX: false, dweight, accumulateWeight: start > 0, options);
        }

        x.Device.Arena.Recycle(logSumExp);
        x.Device.Arena.Recycle(buffer);
    }

    /// <summary>For chunks of about one size, in whole tiles: a last one of a few rows would read the weights for little.</summary>
    private static Tensor Buffer(Tensor x, Tensor weight)
    {
        var (largest, tile) = x.Device is GpuDevice ? (LargestChunkOnGpu, TileRowsOnGpu) : (LargestChunk, MicroKernel.Rows);
        int most = Math.Clamp(largest / weight.Rows, 1, Math.Max(1, x.Rows)), chunks = (x.Rows + most - 1) / most;
        int rows = (x.Rows + Math.Max(1, chunks) - 1) / Math.Max(1, chunks);
        return x.Device.Temporary(Math.Min(most, (rows + tile - 1) / tile * tile), weight.Rows, "logits");
    }

    private static Tensor Logits(Tensor x, Tensor weight, Tensor buffer, int start, int count)
    {
        Tensor logits = buffer.RowRange(0, count);
        MatMul.Multiply(x.RowRange(start, count), false, weight, true, logits);
        return logits;
    }

    /// <summary>Turns a chunk's logits into their gradient, in place, and passes it on to x and to the weight.</summary>
    private static void AddGradients(
        Tensor x,
        Tensor weight,
        IndexTensor targets,
        Tensor logSumExp,
        Tensor dlosses,
        Tensor logits,
        int start,
        Tensor dx,
        bool accumulateX,
        Tensor dweight,
        bool accumulateWeight,
        CrossEntropyOptions options)
    {
        int count = logits.Rows;
        CrossEntropy.Backward(
            logits, targets.Range(start, count), logSumExp.RowRange(start, count), dlosses.RowRange(start, count), logits, accumulate: false, options);
        if (!dx.IsNone)
        {
            MatMul.Multiply(logits, false, weight, false, dx.RowRange(start, count), accumulateX);
        }

        if (!dweight.IsNone)
        {
            MatMul.Multiply(logits, true, x.RowRange(start, count), false, dweight, accumulateWeight);
        }
    }

    private static void Check(Tensor x, Tensor weight, IndexTensor targets, Tensor losses, string name)
    {
        Shapes.Check(nameof(LinearCrossEntropy), nameof(weight), weight, weight.Rows, x.Columns);
        Shapes.CheckLength(nameof(LinearCrossEntropy), nameof(targets), targets, x.Rows);
        Shapes.Check(nameof(LinearCrossEntropy), name, losses, x.Rows, 1);
    }
}
