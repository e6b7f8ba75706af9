using System.Runtime.CompilerServices;

namespace TinyLM;

/// <content>CPU: mean, then variance about it, in L1.</content>
public static unsafe partial class LayerNorm
{
    private readonly struct ForwardBody(Tensor x, NormRows layout, Tensor gain, Tensor bias, Tensor y, Tensor statistics, float epsilon)
        : CpuDevice.IRangeBody
    {
        private readonly NormRows _layout = layout;
        private readonly float* _x = x.Pointer, _gain = gain.Pointer, _bias = bias.Pointer, _y = y.Pointer, _statistics = statistics.Pointer;
        private readonly int _columns = layout.Size;
        private readonly float _epsilon = epsilon;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                long first = _layout.Start(row);
                Row(_x + first, _y + first, _statistics + row * 2);
                _layout.CopyRest(row, _x, _y, accumulate: false);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void Row(float* x, float* y, float* statistics)
        {
            VectorLane sum = VectorLane.Constant(0);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                sum += VectorLane.LoadFirst(x + i, _columns - i);
            }

            float mean = sum.Sum() / _columns;
            VectorLane center = VectorLane.Constant(mean), squares = VectorLane.Constant(0);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                VectorLane distance = VectorLane.SelectFirst(VectorLane.Load(x + i) - center, _columns - i);
                squares = VectorLane.MultiplyAdd(distance, distance, squares);
            }

            float inverse = 1 / MathF.Sqrt(squares.Sum() / _columns + _epsilon);
            (statistics[0], statistics[1]) = (mean, inverse);
            VectorLane scale = VectorLane.Constant(inverse);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                VectorLane value = (VectorLane.Load(x + i) - center) * scale;
                value = _gain == null ? value : value * VectorLane.Load(_gain + i);
                value = _bias == null ? value : value + VectorLane.Load(_bias + i);
                value.StoreFirst(y + i, _columns - i);
            }
        }
    }

    /// <summary>Over chunks of rows; the partial sums [chunks, columns] take each chunk's share of dgain and dbias.</summary>
    private readonly struct BackwardBody(
        Tensor x, NormRows layout, Tensor gain, Tensor statistics, Tensor dy, Tensor dx, bool accumulate, float* partialGain, float* partialBias)
        : CpuDevice.IRangeBody
    {
        private readonly NormRows _layout = layout;
        private readonly float* _x = x.Pointer, _gain = gain.Pointer, _statistics = statistics.Pointer, _dy = dy.Pointer, _dx = dx.Pointer;
        private readonly float* _partialGain = partialGain, _partialBias = partialBias;
        private readonly int _rows = x.Rows * layout.PerRow, _columns = layout.Size;
        private readonly bool _accumulate = accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long chunk = start; chunk < end; chunk++)
            {
                float* gainGradient = _partialGain + chunk * _columns, biasGradient = _partialBias + chunk * _columns;
                new Span<float>(gainGradient, _columns).Clear();
                new Span<float>(biasGradient, _columns).Clear();
                long last = Math.Min(_rows, (chunk + 1) * ColumnSums.ChunkRows);
                for (long row = chunk * ColumnSums.ChunkRows; row < last; row++)
                {
                    long first = _layout.Start(row);
                    Row(_x + first, _dy + first, _dx + first, _statistics + row * 2, gainGradient, biasGradient);
                    _layout.CopyRest(row, _dy, _dx, _accumulate);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void Row(float* x, float* dy, float* dx, float* statistics, float* gainGradient, float* biasGradient)
        {
            VectorLane center = VectorLane.Constant(statistics[0]), scale = VectorLane.Constant(statistics[1]);
            VectorLane sum = VectorLane.Constant(0), products = VectorLane.Constant(0);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                int count = _columns - i;
                VectorLane normed = (VectorLane.Load(x + i) - center) * scale, upstream = VectorLane.Load(dy + i);
                VectorLane.MultiplyAdd(upstream, normed, VectorLane.Load(gainGradient + i)).StoreFirst(gainGradient + i, count);
                (upstream + VectorLane.Load(biasGradient + i)).StoreFirst(biasGradient + i, count);
                VectorLane weighted = Weighted(upstream, i), product = weighted * normed;
                if (count < VectorLane.Width)
                {
                    (weighted, product) = (VectorLane.SelectFirst(weighted, count), VectorLane.SelectFirst(product, count));
                }

                sum += weighted;
                products += product;
            }

            VectorLane mean = VectorLane.Constant(sum.Sum() / _columns), slope = VectorLane.Constant(products.Sum() / _columns);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                VectorLane normed = (VectorLane.Load(x + i) - center) * scale;
                VectorLane gradient = scale * (Weighted(VectorLane.Load(dy + i), i) - mean - normed * slope);
                (_accumulate ? gradient + VectorLane.Load(dx + i) : gradient).StoreFirst(dx + i, _columns - i);
            }
        }

        private VectorLane Weighted(VectorLane upstream, int i) => _gain == null ? upstream : upstream * VectorLane.Load(_gain + i);
    }
}
