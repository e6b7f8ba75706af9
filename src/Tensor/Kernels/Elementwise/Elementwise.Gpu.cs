using ILGPU;

namespace TinyLM;

/// <content>GPU kernels: one thread an element.</content>
public static partial class Elementwise
{
    private const int GroupSize = 256;
    private static readonly GpuKernel FillGpu = new(FillKernel);

    private static KernelLaunch Launch(GpuDevice gpu, GpuKernel kernel, Tensor x)
    {
        if (x.Length > int.MaxValue)
        {
            throw new ArgumentException($"{kernel.Name}: {x.Describe()} has {x.Length} elements; a GPU kernel takes up to {int.MaxValue}.");
        }

        return gpu.Launch(kernel, (int)((x.Length + GroupSize - 1) / GroupSize), GroupSize);
    }

    private static int Index() => Grid.IdxX * GroupSize + Group.IdxX;

    private static int IndexA(Broadcast shape, int i) => shape.IsPlain
        ? i
        : i / shape.Columns * shape.RowStepA + i % shape.Columns * shape.ColumnStepA;

    private static int IndexB(Broadcast shape, int i) => shape.IsPlain
        ? i
        : i / shape.Columns * shape.RowStepB + i % shape.Columns * shape.ColumnStepB;

    private static void FillKernel(ArrayView<float> x, float value, int length)
    {
        int i = Index();
        if (i < length)
        {
            x[i] = value;
        }
    }

    private static class UnaryGpu<TOp>
        where TOp : unmanaged, IUnaryOp
    {
        public static readonly GpuKernel Forward = new(ForwardKernel);
        public static readonly GpuKernel Backward = new(BackwardKernel);

        private static void ForwardKernel(TOp op, ArrayView<float> x, ArrayView<float> y, int length)
        {
            int i = Index();
            if (i < length)
            {
                y[i] = op.Apply(new ScalarLane(x[i])).Value;
            }
        }

        private static void BackwardKernel(TOp op, ArrayView<float> x, ArrayView<float> dy, ArrayView<float> dx, int accumulate, int length)
        {
            int i = Index();
            if (i < length)
            {
                float gradient = op.Apply(Dual<ScalarLane>.Variable(new ScalarLane(x[i]))).Derivative.Value * dy[i];
                dx[i] = accumulate != 0 ? dx[i] + gradient : gradient;
            }
        }
    }

    private static class BinaryGpu<TOp>
        where TOp : unmanaged, IBinaryOp
    {
        public static readonly GpuKernel Forward = new(ForwardKernel);
        public static readonly GpuKernel Backward = new(BackwardKernel);

        private static void ForwardKernel(TOp op, ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, int length, Broadcast shape)
        {
            int i = Index();
            if (i < length)
            {
                y[i] = op.Apply(new ScalarLane(a[IndexA(shape, i)]), new ScalarLane(b[IndexB(shape, i)])).Value;
            }
        }

        /// <summary>A gradient that nobody wants is a view of length 0.</summary>
        private static void BackwardKernel(
            TOp op,
            ArrayView<float> a,
            ArrayView<float> b,
            ArrayView<float> dy,
            ArrayView<float> da,
            ArrayView<float> db,
            int accumulateA,
            int accumulateB,
            int length,
            Broadcast shape)
        {
            int i = Index();
            if (i >= length)
            {
                return;
            }

            var left = new ScalarLane(a[IndexA(shape, i)]);
            var right = new ScalarLane(b[IndexB(shape, i)]);
            float upstream = dy[i];
            if (da.Length > 0)
            {
                float gradient = op.Apply(Dual<ScalarLane>.Variable(left), Dual<ScalarLane>.Fixed(right)).Derivative.Value * upstream;
                da[i] = accumulateA != 0 ? da[i] + gradient : gradient;
            }

            if (db.Length > 0)
            {
                float gradient = op.Apply(Dual<ScalarLane>.Fixed(left), Dual<ScalarLane>.Variable(right)).Derivative.Value * upstream;
                db[i] = accumulateB != 0 ? db[i] + gradient : gradient;
            }
        }
    }
}
