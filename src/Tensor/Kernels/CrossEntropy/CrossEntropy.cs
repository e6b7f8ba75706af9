namespace TinyLM;

/// <summary>
/// Softmax cross-entropy, in nats: losses[t] = L - z[targets[t]] with L = log Σ exp z and z the logits of token t, and 0 where the target is
/// <see cref="NoTarget"/>; with the options z is capped first, and λ·L² is added. Backward: dz = dlosses[t] · ((1 + 2λL) · softmax(z) - onehot(targets[t])).
/// Probabilities are never stored. <remarks>torch.nn.functional.cross_entropy(reduction="none", ignore_index=-1)</remarks>
/// </summary>
public static partial class CrossEntropy
{
    /// <summary>The target of a token that predicts nothing: the last one of a document.</summary>
    public const int NoTarget = -1;

    /// <param name="logits">[tokens, vocabulary].</param>
    /// <param name="targets">[tokens], each in 0 … vocabulary - 1, or -1.</param>
    /// <param name="losses">[tokens, 1].</param>
    /// <param name="logSumExp">[tokens, 1]: L, which the backward pass needs.</param>
    /// <param name="options">Z-loss and softcap.</param>
    public static void Forward(Tensor logits, IndexTensor targets, Tensor losses, Tensor logSumExp, CrossEntropyOptions options = default)
    {
        Check(logits, targets, losses, nameof(losses), options);
        Shapes.Check(nameof(CrossEntropy), nameof(logSumExp), logSumExp, logits.Rows, 1);
        if (options.Softcap > 0)
        {
            Forward(new Softcap(options.Softcap), logits, targets, losses, logSumExp, options.ZLoss);
        }
        else
        {
            Forward(default(Identity), logits, targets, losses, logSumExp, options.ZLoss);
        }
    }

    /// <summary>Writes dlogits [tokens, vocabulary], or adds to it; it may be the logits themselves.</summary>
    public static void Backward(
        Tensor logits, IndexTensor targets, Tensor logSumExp, Tensor dlosses, Tensor dlogits, bool accumulate, CrossEntropyOptions options = default)
    {
        Check(logits, targets, dlosses, nameof(dlosses), options);
        Shapes.Check(nameof(CrossEntropy), nameof(dlogits), dlogits, logits.Rows, logits.Columns);
        if (options.Softcap > 0)
        {
            Backward(new Softcap(options.Softcap), logits, targets, logSumExp, dlosses, dlogits, accumulate, options.ZLoss);
        }
        else
        {
            Backward(default(Identity), logits, targets, logSumExp, dlosses, dlogits, accumulate, options.ZLoss);
        }
    }

    private static void Forward<TCap>(TCap cap, Tensor logits, IndexTensor targets, Tensor losses, Tensor logSumExp, float zLoss)
        where TCap : unmanaged, IUnaryOp
    {
        switch (logits.Device)
        {
            case CpuDevice cpu:
                cpu.For(logits.Rows, new ForwardBody<TCap>(cap, logits, targets, losses, logSumExp, zLoss), smallestShare: 4);
                break;
            case GpuDevice gpu:
                gpu.Launch(Gpu<TCap>.Forward, GpuReduction.GroupsForRows(logits.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .WithStruct(cap).With(zLoss).With(logits).With(targets).With(losses).With(logSumExp).With(logits.Rows).With(logits.Columns).Run();
                break;
        }
    }

    private static void Backward<TCap>(
        TCap cap, Tensor logits, IndexTensor targets, Tensor logSumExp, Tensor dlosses, Tensor dlogits, bool accumulate, float zLoss)
        where TCap : unmanaged, IUnaryOp
    {
        switch (logits.Device)
        {
            case CpuDevice cpu:
                cpu.For(logits.Rows, new BackwardBody<TCap>(cap, logits, targets, logSumExp, dlosses, dlogits, accumulate, zLoss), smallestShare: 4);
                break;
            case GpuDevice gpu:
                gpu.Launch(Gpu<TCap>.Backward, GpuReduction.GroupsForRows(logits.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .WithStruct(cap).With(zLoss).With(logits).With(targets).With(logSumExp).With(dlosses).With(dlogits).With(accumulate ? 1 : 0)
                    .With(logits.Rows).With(logits.Columns).Run();
                break;
        }
    }

    private static void Check(Tensor logits, IndexTensor targets, Tensor losses, string name, CrossEntropyOptions options)
    {
        options.Check();
        Shapes.CheckLength(nameof(CrossEntropy), nameof(targets), targets, logits.Rows);
        Shapes.CheckRange(nameof(CrossEntropy), "target", targets, logits.Columns, NoTarget);
        Shapes.Check(nameof(CrossEntropy), name, losses, logits.Rows, 1);
    }
}
