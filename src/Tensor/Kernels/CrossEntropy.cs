using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

/// <summary>
/// Softmax cross-entropy, in nats: losses[t] = log Σ exp(logits[t]) - logits[t, targets[t]], and 0 where the target is
/// <see cref="NoTarget"/>. Backward: dlogits[t] = dlosses[t] · (softmax(logits[t]) - onehot(targets[t])). Probabilities are never stored.
/// <remarks>torch.nn.functional.cross_entropy(reduction="none", ignore_index=-1)</remarks>
/// </summary>
public static unsafe partial class CrossEntropy
{
    /// <summary>The target of a token that predicts nothing: the last one of a document.</summary>
    public const int NoTarget = -1;

    private static readonly GpuKernel ForwardGpu = new(ForwardKernel);
    private static readonly GpuKernel BackwardGpu = new(BackwardKernel);

    /// <param name="logits">[tokens, vocabulary].</param>
    /// <param name="targets">[tokens], each in 0 … vocabulary - 1, or -1.</param>
    /// <param name="losses">[tokens, 1].</param>
    /// <param name="logSumExp">[tokens, 1], which the backward pass needs.</param>
    public static void Forward(Tensor logits, IndexTensor targets, Tensor losses, Tensor logSumExp)
    {
        Check(logits, targets, losses, nameof(losses));
        Shapes.Check(nameof(CrossEntropy), nameof(logSumExp), logSumExp, logits.Rows, 1);
        switch (logits.Device)
        {
            case CpuDevice cpu:
                cpu.For(logits.Rows, new ForwardBody(logits, targets, losses, logSumExp), smallestShare: 4);
                break;
            case GpuDevice gpu:
                gpu.Launch(ForwardGpu, GpuReduction.GroupsForRows(logits.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(logits).With(targets).With(losses).With(logSumExp).With(logits.Rows).With(logits.Columns).Run();
                break;
        }
    }

    /// <summary>Writes dlogits [tokens, vocabulary], or adds to it.</summary>
    public static void Backward(Tensor logits, IndexTensor targets, Tensor logSumExp, Tensor dlosses, Tensor dlogits, bool accumulate)
    {
        Check(logits, targets, dlosses, nameof(dlosses));
        Shapes.Check(nameof(CrossEntropy), nameof(dlogits), dlogits, logits.Rows, logits.Columns);
        switch (logits.Device)
        {
            case CpuDevice cpu:
                cpu.For(logits.Rows, new BackwardBody(logits, targets, logSumExp, dlosses, dlogits, accumulate), smallestShare: 4);
                break;
            case GpuDevice gpu:
                gpu.Launch(BackwardGpu, GpuReduction.GroupsForRows(logits.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(logits).With(targets).With(logSumExp).With(dlosses).With(dlogits).With(accumulate ? 1 : 0).With(logits.Rows).With(logits.Columns).Run();
                break;
        }
    }

    private static void Check(Tensor logits, IndexTensor targets, Tensor losses, string name)
    {
        Shapes.CheckLength(nameof(CrossEntropy), nameof(targets), targets, logits.Rows);
        Shapes.CheckRange(nameof(CrossEntropy), "target", targets, logits.Columns, NoTarget);
        Shapes.Check(nameof(CrossEntropy), name, losses, logits.Rows, 1);
    }

    private readonly struct ForwardBody(Tensor logits, IndexTensor targets, Tensor losses, Tensor logSumExp) : CpuDevice.IRangeBody
    {
        private readonly float* _logits = logits.Pointer, _losses = losses.Pointer, _logSumExp = logSumExp.Pointer;
        private readonly int* _targets = targets.Pointer;
        private readonly int _columns = logits.Columns;

        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                float* logits = _logits + row * _columns;
                float total = LogSumExp(logits, _columns);
                _logSumExp[row] = total;
                _losses[row] = _targets[row] >= 0 ? total - logits[_targets[row]] : 0;
            }
        }

        private static float LogSumExp(float* x, int columns)
        {
            VectorLane lowest = VectorLane.Constant(float.NegativeInfinity), greatest = lowest, sum = VectorLane.Constant(0);
            for (int i = 0; i < columns; i += VectorLane.Width)
            {
                int count = columns - i;
                VectorLane value = VectorLane.Load(x + i);
                value = count < VectorLane.Width ? VectorLane.SelectFirst(value, count, lowest) : value;
                greatest = VectorLane.SelectGreater(value, greatest, value, greatest);
            }

            float largest = VectorMath.HorizontalMax(greatest.Value);
            VectorLane shift = VectorLane.Constant(largest);
            for (int i = 0; i < columns; i += VectorLane.Width)
            {
                int count = columns - i;
                VectorLane value = VectorLane.Exp(VectorLane.Load(x + i) - shift);
                sum += count < VectorLane.Width ? VectorLane.SelectFirst(value, count) : value;
            }

            return largest + MathF.Log(sum.Sum());
        }
    }

    private readonly struct BackwardBody(Tensor logits, IndexTensor targets, Tensor logSumExp, Tensor dlosses, Tensor dlogits, bool accumulate) : CpuDevice.IRangeBody
    {
        private readonly float* _logits = logits.Pointer, _logSumExp = logSumExp.Pointer, _dlosses = dlosses.Pointer, _dlogits = dlogits.Pointer;
        private readonly int* _targets = targets.Pointer;
        private readonly int _columns = logits.Columns;
        private readonly bool _accumulate = accumulate;

        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                float* logits = _logits + row * _columns, dlogits = _dlogits + row * _columns;
                int target = _targets[row];
                if (target >= 0)
                {
                    Row(logits, dlogits, _logSumExp[row], _dlosses[row]);
                    dlogits[target] -= _dlosses[row];
                }
                else if (!_accumulate)
                {
                    new Span<float>(dlogits, _columns).Clear();
                }
            }
        }

        private void Row(float* logits, float* dlogits, float logSumExp, float scale)
        {
            VectorLane shift = VectorLane.Constant(logSumExp), upstream = VectorLane.Constant(scale);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                VectorLane gradient = VectorLane.Exp(VectorLane.Load(logits + i) - shift) * upstream;
                (_accumulate ? gradient + VectorLane.Load(dlogits + i) : gradient).StoreFirst(dlogits + i, _columns - i);
            }
        }
    }

    /// <summary>A warp a row.</summary>
    private static void ForwardKernel(
        ArrayView<float> logits, ArrayView<int> targets, ArrayView<float> losses, ArrayView<float> logSumExp, int rows, int columns)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        int first = row * columns;
        float greatest = float.NegativeInfinity;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            greatest = XMath.Max(greatest, logits[first + i]);
        }

        greatest = GpuReduction.WarpMax(greatest);
        float sum = 0;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            sum += XMath.Exp(logits[first + i] - greatest);
        }

        float total = greatest + XMath.Log(GpuReduction.WarpSum(sum));
        if (lane == 0)
        {
            logSumExp[row] = total;
            losses[row] = targets[row] >= 0 ? total - logits[first + targets[row]] : 0;
        }
    }

    private static void BackwardKernel(
        ArrayView<float> logits, ArrayView<int> targets, ArrayView<float> logSumExp, ArrayView<float> dlosses, ArrayView<float> dlogits, int accumulate, int rows, int columns)
    {
        int row = GpuReduction.Row();
        if (row >= rows)
        {
            return;
        }

        int first = row * columns, target = targets[row];
        float scale = target >= 0 ? dlosses[row] : 0;
        for (int i = GpuReduction.Lane(); i < columns; i += GpuReduction.WarpSize)
        {
            float hit = i == target ? 1f : 0f;
            float gradient = scale * (XMath.Exp(logits[first + i] - logSumExp[row]) - hit);
            dlogits[first + i] = accumulate != 0 ? dlogits[first + i] + gradient : gradient;
        }
    }
}
