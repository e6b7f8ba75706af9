using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

/// <summary>
/// y = softmax of each row: exp(x - log Σ exp x), or its logarithm. Backward: dx = y · (dy - Σ dy·y), and dx = dy - softmax · Σ dy of the logarithm.
/// <remarks>torch.softmax, torch.log_softmax</remarks>
/// </summary>
public static unsafe class Softmax
{
    private const int SmallestShare = 1 << 11;
    private static readonly GpuKernel ForwardGpu = new(ForwardKernel);
    private static readonly GpuKernel BackwardGpu = new(BackwardKernel);

    /// <param name="x">[rows, columns].</param>
    /// <param name="logarithm">Gives log-probabilities.</param>
    /// <param name="y">[rows, columns]; may be x.</param>
    public static void Forward(Tensor x, bool logarithm, Tensor y)
    {
        Shapes.Check(nameof(Softmax), nameof(y), y, x.Rows, x.Columns);
        Tensor logSumExp = x.Device.Temporary(x.Rows, 1);
        Reduce.Rows(ReductionKind.LogSumExp, x, logSumExp);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(x.Rows, new ForwardBody(x, logSumExp, logarithm, y), RowsAShare(x));
                break;
            case GpuDevice gpu:
                gpu.Launch(ForwardGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(logSumExp).With(logarithm ? 1 : 0).With(y).With(x.Rows).With(x.Columns).Run();
                break;
        }

        x.Device.Arena.Recycle(logSumExp);
    }

    /// <summary>dx from dy and the forward pass's y, all [rows, columns]; written, or added to.</summary>
    public static void Backward(Tensor y, bool logarithm, Tensor dy, Tensor dx, bool accumulate)
    {
        Shapes.Check(nameof(Softmax), nameof(dy), dy, y.Rows, y.Columns);
        Shapes.Check(nameof(Softmax), nameof(dx), dx, y.Rows, y.Columns);
        switch (y.Device)
        {
            case CpuDevice cpu:
                cpu.For(y.Rows, new BackwardBody(y, logarithm, dy, dx, accumulate), RowsAShare(y));
                break;
            case GpuDevice gpu:
                gpu.Launch(BackwardGpu, GpuReduction.GroupsForRows(y.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(y).With(logarithm ? 1 : 0).With(dy).With(dx).With(accumulate ? 1 : 0).With(y.Rows).With(y.Columns).Run();
                break;
        }
    }

    private static long RowsAShare(Tensor x) => Math.Max(1, SmallestShare / x.Columns);

    private readonly struct ForwardBody(Tensor x, Tensor logSumExp, bool logarithm, Tensor y) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _logSumExp = logSumExp.Pointer, _y = y.Pointer;
        private readonly int _columns = x.Columns;
        private readonly bool _logarithm = logarithm;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                VectorLane shift = VectorLane.Constant(_logSumExp[row]);
                for (int i = 0; i < _columns; i += VectorLane.Width)
                {
                    VectorLane value = VectorLane.Load(_x + row * _columns + i) - shift;
                    (_logarithm ? value : VectorLane.Exp(value)).StoreFirst(_y + row * _columns + i, _columns - i);
                }
            }
        }
    }

    private readonly struct BackwardBody(Tensor y, bool logarithm, Tensor dy, Tensor dx, bool accumulate) : CpuDevice.IRangeBody
    {
        private readonly float* _y = y.Pointer, _dy = dy.Pointer, _dx = dx.Pointer;
        private readonly int _columns = y.Columns;
        private readonly bool _logarithm = logarithm, _accumulate = accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                float* y = _y + row * _columns, dy = _dy + row * _columns, dx = _dx + row * _columns;
                VectorLane sum = VectorLane.Constant(0);
                for (int i = 0; i < _columns; i += VectorLane.Width)
                {
                    VectorLane upstream = VectorLane.Load(dy + i);
                    sum += VectorLane.SelectFirst(_logarithm ? upstream : upstream * VectorLane.Load(y + i), _columns - i);
                }

                VectorLane total = VectorLane.Constant(sum.Sum());
                for (int i = 0; i < _columns; i += VectorLane.Width)
                {
                    VectorLane value = VectorLane.Load(y + i), upstream = VectorLane.Load(dy + i);
                    VectorLane gradient = _logarithm ? upstream - VectorLane.Exp(value) * total : value * (upstream - total);
                    (_accumulate ? VectorLane.Load(dx + i) + gradient : gradient).StoreFirst(dx + i, _columns - i);
                }
            }
        }
    }

    private static void ForwardKernel(ArrayView<float> x, ArrayView<float> logSumExp, int logarithm, ArrayView<float> y, int rows, int columns)
    {
        int row = GpuReduction.Row();
        if (row >= rows)
        {
            return;
        }

        for (int i = GpuReduction.Lane(); i < columns; i += GpuReduction.WarpSize)
        {
            float value = x[(long)row * columns + i] - logSumExp[row];
            y[(long)row * columns + i] = logarithm != 0 ? value : XMath.Exp(value);
        }
    }

    private static void BackwardKernel(
        ArrayView<float> y, int logarithm, ArrayView<float> dy, ArrayView<float> dx, int accumulate, int rows, int columns)
    {
        int row = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (row >= rows)
        {
            return;
        }

        long first = (long)row * columns;
        float sum = 0;
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            sum += logarithm != 0 ? dy[first + i] : dy[first + i] * y[first + i];
        }

        float total = GpuReduction.WarpSum(sum);
        for (int i = lane; i < columns; i += GpuReduction.WarpSize)
        {
            float gradient = logarithm != 0 ? dy[first + i] - XMath.Exp(y[first + i]) * total : y[first + i] * (dy[first + i] - total);
            dx[first + i] = accumulate != 0 ? dx[first + i] + gradient : gradient;
        }
    }
}
