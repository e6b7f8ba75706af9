using System.Runtime.CompilerServices;

namespace TinyLM;

/// <content>CPU: a row stays in L1 between its two passes.</content>
public static unsafe partial class RmsNorm
{
    private static void BackwardCpu(
        CpuDevice cpu,
        int chunks,
        Tensor x,
        NormRows layout,
        Tensor gain,
        Tensor inverseRms,
        Tensor dy,
        Tensor dx,
        bool accumulateX,
        Tensor dgain,
        bool accumulateGain)
    {
        float* partial = dgain.IsNone ? null : cpu.SharedScratch((long)chunks * layout.Size + VectorLane.Width);
        cpu.For(chunks, new BackwardBody(x, layout, gain, inverseRms, dy, dx, accumulateX, partial));
        if (partial != null)
        {
            ColumnSums.AddChunks(partial, chunks, layout.Size, dgain.Pointer, accumulateGain);
        }
    }

    private readonly struct ForwardBody(Tensor x, NormRows layout, Tensor gain, Tensor y, Tensor inverseRms, float epsilon) : CpuDevice.IRangeBody
    {
        private readonly NormRows _layout = layout;
        private readonly float* _x = x.Pointer, _gain = gain.Pointer, _y = y.Pointer, _inverseRms = inverseRms.Pointer;
        private readonly int _columns = layout.Size;
        private readonly float _epsilon = epsilon;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                long first = _layout.Start(row);
                Row(_x + first, _y + first, _inverseRms + row);
                _layout.CopyRest(row, _x, _y, accumulate: false);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void Row(float* x, float* y, float* inverseRms)
        {
            int whole = _columns / VectorLane.Width * VectorLane.Width, rest = _columns - whole;
            VectorLane squares = VectorLane.Constant(0);
            for (int i = 0; i < whole; i += VectorLane.Width)
            {
                VectorLane value = VectorLane.Load(x + i);
                squares = VectorLane.MultiplyAdd(value, value, squares);
            }

            if (rest > 0)
            {
                VectorLane value = VectorLane.LoadFirst(x + whole, rest);
                squares = VectorLane.MultiplyAdd(value, value, squares);
            }

            float inverse = 1 / MathF.Sqrt(squares.Sum() / _columns + _epsilon);
            *inverseRms = inverse;
            VectorLane scale = VectorLane.Constant(inverse);
            for (int i = 0; i < whole; i += VectorLane.Width)
            {
                Scaled(x, scale, i).Store(y + i);
            }

            if (rest > 0)
            {
                Scaled(x, scale, whole).StoreFirst(y + whole, rest);
            }
        }

        private VectorLane Scaled(float* x, VectorLane scale, int i)
        {
            VectorLane normed = VectorLane.Load(x + i) * scale;
            return _gain == null ? normed : normed * VectorLane.Load(_gain + i);
        }
    }

    /// <summary>Over chunks of rows; <c>partial</c> [chunks, columns] takes each chunk's share of dgain.</summary>
    private readonly struct BackwardBody(
        Tensor x, NormRows layout, Tensor gain, Tensor inverseRms, Tensor dy, Tensor dx, bool accumulate, float* partial) : CpuDevice.IRangeBody
    {
        private readonly NormRows _layout = layout;
        private readonly float* _x = x.Pointer, _gain = gain.Pointer, _inverseRms = inverseRms.Pointer, _dy = dy.Pointer, _dx = dx.Pointer, _partial = partial;
        private readonly int _rows = x.Rows * layout.PerRow, _columns = layout.Size;
        private readonly bool _accumulate = accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long chunk = start; chunk < end; chunk++)
            {
                float* gainGradient = _partial == null ? null : _partial + chunk * _columns;
                if (gainGradient != null)
                {
                    new Span<float>(gainGradient, _columns).Clear();
                }

                long last = Math.Min(_rows, (chunk + 1) * ColumnSums.ChunkRows);
                for (long row = chunk * ColumnSums.ChunkRows; row < last; row++)
                {
                    long first = _layout.Start(row);
                    Row(_x + first, _dy + first, _dx + first, _inverseRms[row], gainGradient);
                    _layout.CopyRest(row, _dy, _dx, _accumulate);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void Row(float* x, float* dy, float* dx, float inverseRms, float* gainGradient)
        {
            VectorLane scale = VectorLane.Constant(inverseRms), products = VectorLane.Constant(0);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                int count = Math.Min(VectorLane.Width, _columns - i);
                bool whole = count == VectorLane.Width;
                VectorLane normed = VectorLane.Load(x + i) * scale;
                VectorLane upstream = whole ? VectorLane.Load(dy + i) : VectorLane.LoadFirst(dy + i, count);
                if (gainGradient != null)
                {
                    VectorLane sum = VectorLane.MultiplyAdd(upstream, normed, VectorLane.Load(gainGradient + i));
                    sum.StoreFirst(gainGradient + i, count);
                }

                VectorLane product = Weighted(upstream, i) * normed;
                products += whole ? product : VectorLane.SelectFirst(product, count);
            }

            VectorLane mean = VectorLane.Constant(products.Sum() / _columns);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                VectorLane normed = VectorLane.Load(x + i) * scale;
                VectorLane gradient = scale * (Weighted(VectorLane.Load(dy + i), i) - normed * mean);
                VectorLane result = _accumulate ? gradient + VectorLane.Load(dx + i) : gradient;
                result.StoreFirst(dx + i, Math.Min(VectorLane.Width, _columns - i));
            }
        }

        private VectorLane Weighted(VectorLane upstream, int i) => _gain == null ? upstream : upstream * VectorLane.Load(_gain + i);
    }
}
