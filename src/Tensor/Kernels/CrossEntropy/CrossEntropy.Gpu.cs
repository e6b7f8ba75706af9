using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

/// <content>GPU: a warp a row.</content>
public static partial class CrossEntropy
{
    private static class Gpu<TCap>
        where TCap : unmanaged, IUnaryOp
    {
        public static readonly GpuKernel Forward = new(ForwardKernel);
        public static readonly GpuKernel Backward = new(BackwardKernel);

        private static void ForwardKernel(
            TCap cap, float zLoss, ArrayView<float> logits, ArrayView<int> targets, ArrayView<float> losses, ArrayView<float> logSumExp, int rows, int columns)
        {
            int row = GpuReduction.Row(), lane = GpuReduction.Lane();
            if (row >= rows)
            {
                return;
            }

            long first = (long)row * columns;
            float greatest = float.NegativeInfinity;
            for (int i = lane; i < columns; i += GpuReduction.WarpSize)
            {
                greatest = XMath.Max(greatest, Capped(cap, logits[first + i]));
            }

            greatest = GpuReduction.WarpMax(greatest);
            float sum = 0;
            for (int i = lane; i < columns; i += GpuReduction.WarpSize)
            {
                sum += XMath.Exp(Capped(cap, logits[first + i]) - greatest);
            }

            float total = greatest + XMath.Log(GpuReduction.WarpSum(sum));
            if (lane == 0)
            {
                logSumExp[row] = total;
                losses[row] = targets[row] >= 0 ? total - Capped(cap, logits[first + targets[row]]) + zLoss * total * total : 0f;
            }
        }

        private static void BackwardKernel(
            TCap cap,
            float zLoss,
            ArrayView<float> logits,
            ArrayView<int> targets,
            ArrayView<float> logSumExp,
            ArrayView<float> dlosses,
            ArrayView<float> dlogits,
            int accumulate,
            int rows,
            int columns)
        {
            int row = GpuReduction.Row();
            if (row >= rows)
            {
                return;
            }

            long first = (long)row * columns;
            int target = targets[row];
            float upstream = target >= 0 ? dlosses[row] : 0f, total = logSumExp[row], factor = 1f + 2f * zLoss * total;
            for (int i = GpuReduction.Lane(); i < columns; i += GpuReduction.WarpSize)
            {
                Dual<ScalarLane> capped = cap.Apply(Dual<ScalarLane>.Variable(new ScalarLane(logits[first + i])));
                float hit = i == target ? 1f : 0f;
                float gradient = upstream * (factor * XMath.Exp(capped.Value.Value - total) - hit) * capped.Derivative.Value;
                dlogits[first + i] = accumulate != 0 ? dlogits[first + i] + gradient : gradient;
            }
        }

        private static float Capped(TCap cap, float logit) => cap.Apply(new ScalarLane(logit)).Value;
    }
}
