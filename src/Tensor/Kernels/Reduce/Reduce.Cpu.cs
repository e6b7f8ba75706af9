using System.Runtime.CompilerServices;

namespace TinyLM;

public static unsafe partial class Reduce
{
    private readonly struct RowsBody(ReductionKind kind, Tensor x, Tensor y, bool accumulate) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _y = y.Pointer;
        private readonly int _columns = x.Columns;
        private readonly ReductionKind _kind = kind;
        private readonly bool _accumulate = accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                float* x = _x + row * _columns;
                float value = _kind switch
                {
                    ReductionKind.Sum => Sum(x),
                    ReductionKind.Mean => Sum(x) / _columns,
                    ReductionKind.Max => Max(x),
                    _ => LogSumExp(x, Max(x)),
                };
                _y[row] = _accumulate ? _y[row] + value : value;
            }
        }

        private float Sum(float* x)
        {
            VectorLane sum = VectorLane.Constant(0);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                sum += VectorLane.LoadFirst(x + i, _columns - i);
            }

            return sum.Sum();
        }

        private float Max(float* x)
        {
            VectorLane lowest = VectorLane.Constant(float.NegativeInfinity), largest = lowest;
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                largest = LaneMath.Max(VectorLane.SelectFirst(VectorLane.Load(x + i), _columns - i, lowest), largest);
            }

            return VectorMath.HorizontalMax(largest.Value);
        }

        private float LogSumExp(float* x, float largest)
        {
            VectorLane shift = VectorLane.Constant(LaneMath.Finite(largest)), sum = VectorLane.Constant(0);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                sum += VectorLane.SelectFirst(VectorLane.Exp(VectorLane.Load(x + i) - shift), _columns - i);
            }

            return LaneMath.Finite(largest) + MathF.Log(sum.Sum());
        }
    }

    private readonly struct RowsBackwardBody(ReductionKind kind, Tensor x, Tensor y, Tensor dy, Tensor dx, bool accumulate) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _y = y.Pointer, _dy = dy.Pointer, _dx = dx.Pointer;
        private readonly int _columns = x.Columns;
        private readonly ReductionKind _kind = kind;
        private readonly bool _accumulate = accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                float* x = _x + row * _columns, dx = _dx + row * _columns;
                switch (_kind)
                {
                    case ReductionKind.Max:
                        Fill(dx, 0);
                        int first = new ReadOnlySpan<float>(x, _columns).IndexOf(_y[row]);
                        if (first >= 0)
                        {
                            dx[first] += _dy[row];
                        }

                        break;
                    case ReductionKind.LogSumExp:
                        VectorLane shift = VectorLane.Constant(LaneMath.Finite(_y[row])), scale = VectorLane.Constant(_dy[row]);
                        for (int i = 0; i < _columns; i += VectorLane.Width)
                        {
                            Store(dx + i, VectorLane.Exp(VectorLane.Load(x + i) - shift) * scale, _columns - i);
                        }

                        break;
                    default:
                        Fill(dx, _kind == ReductionKind.Mean ? _dy[row] / _columns : _dy[row]);
                        break;
                }
            }
        }

        private void Fill(float* dx, float value)
        {
            VectorLane values = VectorLane.Constant(value);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                Store(dx + i, values, _columns - i);
            }
        }

        private void Store(float* dx, VectorLane value, int count) => (_accumulate ? VectorLane.Load(dx) + value : value).StoreFirst(dx, count);
    }

    /// <summary>A unit is a strip of columns of a document.</summary>
    private readonly struct DocumentsBody(ReductionKind kind, Tensor x, DocumentOffsets offsets, Tensor y) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _y = y.Pointer;
        private readonly int _columns = x.Columns, _strips = (x.Columns + Strip - 1) / Strip;
        private readonly ReductionKind _kind = kind;
        private readonly DocumentOffsets _offsets = offsets;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long unit = start; unit < end; unit++)
            {
                int document = (int)(unit / _strips), strip = (int)(unit % _strips) * Strip;
                for (int column = strip; column < Math.Min(_columns, strip + Strip); column += VectorLane.Width)
                {
                    Column(document, column).StoreFirst(_y + (long)document * _columns + column, _columns - column);
                }
            }
        }

        private VectorLane Column(int document, int column)
        {
            float* x = _x + (long)_offsets.Starts[document] * _columns + column;
            int rows = _offsets.LengthOf(document);
            switch (_kind)
            {
                case ReductionKind.Sum:
                    return Sum(x, rows);
                case ReductionKind.Mean:
                    return Sum(x, rows) / VectorLane.Constant(rows);
                default:
                    VectorLane largest = VectorLane.Load(x);
                    for (int row = 1; row < rows; row++)
                    {
                        largest = LaneMath.Max(VectorLane.Load(x + (long)row * _columns), largest);
                    }

                    return _kind == ReductionKind.Max ? largest : LogSumExp(x, rows, LaneMath.Finite(largest));
            }
        }

        private VectorLane Sum(float* x, int rows)
        {
            VectorLane sum = VectorLane.Load(x);
            for (int row = 1; row < rows; row++)
            {
                sum += VectorLane.Load(x + (long)row * _columns);
            }

            return sum;
        }

        private VectorLane LogSumExp(float* x, int rows, VectorLane shift)
        {
            VectorLane sum = VectorLane.Constant(0);
            for (int row = 0; row < rows; row++)
            {
                sum += VectorLane.Exp(VectorLane.Load(x + (long)row * _columns) - shift);
            }

            return shift + VectorLane.Log(sum);
        }
    }

    private readonly struct DocumentsBackwardBody(
        ReductionKind kind, Tensor x, DocumentOffsets offsets, Tensor y, Tensor dy, Tensor dx, bool accumulate) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _y = y.Pointer, _dy = dy.Pointer, _dx = dx.Pointer;
        private readonly int _columns = x.Columns, _strips = (x.Columns + Strip - 1) / Strip;
        private readonly ReductionKind _kind = kind;
        private readonly DocumentOffsets _offsets = offsets;
        private readonly bool _accumulate = accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long unit = start; unit < end; unit++)
            {
                int document = (int)(unit / _strips), strip = (int)(unit % _strips) * Strip;
                for (int column = strip; column < Math.Min(_columns, strip + Strip); column += VectorLane.Width)
                {
                    Column(document, column);
                }
            }
        }

        private void Column(int document, int column)
        {
            long first = (long)_offsets.Starts[document] * _columns + column, result = (long)document * _columns + column;
            int rows = _offsets.LengthOf(document);
            VectorLane zero = VectorLane.Constant(0), upstream = VectorLane.Load(_dy + result), y = VectorLane.Load(_y + result);
            VectorLane constant = _kind == ReductionKind.Mean ? upstream / VectorLane.Constant(rows) : upstream;
            VectorLane shift = LaneMath.Finite(y);
            for (int row = 0; row < rows; row++)
            {
                long at = first + (long)row * _columns;
                VectorLane gradient = constant;
                if (_kind == ReductionKind.LogSumExp)
                {
                    gradient = VectorLane.Exp(VectorLane.Load(_x + at) - shift) * upstream;
                }
                else if (_kind == ReductionKind.Max)
                {
                    // What is left of the gradient goes to the first row that is not less than the largest.
                    VectorLane x = VectorLane.Load(_x + at);
                    gradient = VectorLane.SelectGreater(y, x, zero, constant);
                    constant = VectorLane.SelectGreater(y, x, constant, zero);
                }

                (_accumulate ? VectorLane.Load(_dx + at) + gradient : gradient).StoreFirst(_dx + at, _columns - column);
            }
        }
    }
}
