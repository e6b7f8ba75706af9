using System.Runtime.CompilerServices;

namespace TinyLM;

/// <content>CPU bodies: a range of sixteen floats at a time; the last few of a tensor are stored one by one.</content>
public static unsafe partial class Elementwise
{
    private static int Count(long index, long length) => (int)Math.Min(VectorLane.Width, length - index);

    private readonly struct UnaryBody<TOp>(TOp op, Tensor x, Tensor y) : CpuDevice.IRangeBody
        where TOp : unmanaged, IUnaryOp
    {
        private readonly TOp _op = op;
        private readonly float* _x = x.Pointer, _y = y.Pointer;
        private readonly long _length = x.Length;
        private readonly bool _streams = Streaming.Pays(y);

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            TOp op = _op;
            float* x = _x, y = _y;
            long length = _length;
            bool streams = _streams;
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                op.Apply(VectorLane.Load(x + i)).StoreFirst(y + i, Count(i, length), streams);
            }

            Streaming.Fence();
        }
    }

    private readonly struct UnaryBackwardBody<TOp>(TOp op, Tensor x, Tensor dy, Tensor dx, bool accumulate) : CpuDevice.IRangeBody
        where TOp : unmanaged, IUnaryOp
    {
        private readonly TOp _op = op;
        private readonly float* _x = x.Pointer, _dy = dy.Pointer, _dx = dx.Pointer;
        private readonly long _length = x.Length;
        private readonly bool _accumulate = accumulate, _streams = !accumulate && Streaming.Pays(dx);

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            TOp op = _op;
            float* x = _x, dy = _dy, dx = _dx;
            long length = _length;
            bool accumulate = _accumulate, streams = _streams;
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                VectorLane gradient = op.Apply(Dual<VectorLane>.Variable(VectorLane.Load(x + i))).Derivative * VectorLane.Load(dy + i);
                (accumulate ? gradient + VectorLane.Load(dx + i) : gradient).StoreFirst(dx + i, Count(i, length), streams);
            }

            Streaming.Fence();
        }
    }

    private readonly struct BinaryBody<TOp>(TOp op, Tensor a, Tensor b, Tensor y) : CpuDevice.IRangeBody
        where TOp : unmanaged, IBinaryOp
    {
        private readonly TOp _op = op;
        private readonly float* _a = a.Pointer, _b = b.Pointer, _y = y.Pointer;
        private readonly long _length = a.Length;
        private readonly bool _streams = Streaming.Pays(y);

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            TOp op = _op;
            float* a = _a, b = _b, y = _y;
            long length = _length;
            bool streams = _streams;
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                op.Apply(VectorLane.Load(a + i), VectorLane.Load(b + i)).StoreFirst(y + i, Count(i, length), streams);
            }

            Streaming.Fence();
        }
    }

    private readonly struct BinaryBackwardBody<TOp>(
        TOp op, Tensor a, Tensor b, Tensor dy, Tensor da, bool accumulateA, Tensor db, bool accumulateB) : CpuDevice.IRangeBody
        where TOp : unmanaged, IBinaryOp
    {
        private readonly TOp _op = op;
        private readonly float* _a = a.Pointer, _b = b.Pointer, _dy = dy.Pointer, _da = da.Pointer, _db = db.Pointer;
        private readonly long _length = a.Length;
        private readonly bool _accumulateA = accumulateA, _accumulateB = accumulateB;

        /// <summary>The same place twice, where a and b are one variable, is read again at once.</summary>
        private readonly bool _streams = !accumulateA && !accumulateB && da.Pointer != db.Pointer && Streaming.Pays(da) && Streaming.Pays(db);

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            TOp op = _op;
            if (_da != null && _db != null)
            {
                RunBoth(op, start, end);
                return;
            }

            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                VectorLane a = VectorLane.Load(_a + i), b = VectorLane.Load(_b + i), dy = VectorLane.Load(_dy + i);
                if (_da != null)
                {
                    VectorLane gradient = op.Apply(Dual<VectorLane>.Variable(a), Dual<VectorLane>.Fixed(b)).Derivative * dy;
                    (_accumulateA ? gradient + VectorLane.Load(_da + i) : gradient).StoreFirst(_da + i, Count(i, _length));
                }
                else
                {
                    VectorLane gradient = op.Apply(Dual<VectorLane>.Fixed(a), Dual<VectorLane>.Variable(b)).Derivative * dy;
                    (_accumulateB ? gradient + VectorLane.Load(_db + i) : gradient).StoreFirst(_db + i, Count(i, _length));
                }
            }
        }

        /// <summary>Both derivatives stand side by side, so that the JIT computes once what they have in common.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void RunBoth(TOp op, long start, long end)
        {
            float* pointerA = _a, pointerB = _b, upstream = _dy, da = _da, db = _db;
            bool accumulateA = _accumulateA, accumulateB = _accumulateB, streams = _streams;
            long length = _length;
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                VectorLane a = VectorLane.Load(pointerA + i), b = VectorLane.Load(pointerB + i), dy = VectorLane.Load(upstream + i);
                VectorLane byA = op.Apply(Dual<VectorLane>.Variable(a), Dual<VectorLane>.Fixed(b)).Derivative * dy;
                VectorLane byB = op.Apply(Dual<VectorLane>.Fixed(a), Dual<VectorLane>.Variable(b)).Derivative * dy;
                int count = Count(i, length);

                // One after the other: where a and b are one variable, the second is added to the first.
                (accumulateA ? byA + VectorLane.Load(da + i) : byA).StoreFirst(da + i, count, streams);
                (accumulateB ? byB + VectorLane.Load(db + i) : byB).StoreFirst(db + i, count, streams);
            }

            Streaming.Fence();
        }
    }

    /// <summary>An operand of a broadcast, by rows of the result.</summary>
    private readonly struct Operand(Tensor tensor, int rowStep, int columnStep)
    {
        private readonly float* _values = tensor.Pointer;
        private readonly int _rowStep = rowStep;
        private readonly bool _isOneColumn = columnStep == 0;

        public VectorLane Load(long row, int column)
        {
            float* values = _values + row * _rowStep;
            return _isOneColumn ? VectorLane.Constant(*values) : VectorLane.Load(values + column);
        }
    }

    private readonly struct BroadcastBody<TOp>(TOp op, Broadcast shape, Tensor a, Tensor b, Tensor y) : CpuDevice.IRangeBody
        where TOp : unmanaged, IBinaryOp
    {
        private readonly TOp _op = op;
        private readonly Operand _a = new(a, shape.RowStepA, shape.ColumnStepA), _b = new(b, shape.RowStepB, shape.ColumnStepB);
        private readonly float* _y = y.Pointer;
        private readonly int _columns = shape.Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            TOp op = _op;
            for (long row = start; row < end; row++)
            {
                float* y = _y + row * _columns;
                for (int i = 0; i < _columns; i += VectorLane.Width)
                {
                    op.Apply(_a.Load(row, i), _b.Load(row, i)).StoreFirst(y + i, _columns - i);
                }
            }
        }
    }

    private readonly struct BroadcastBackwardBody<TOp>(
        TOp op, Broadcast shape, Tensor a, Tensor b, Tensor dy, Tensor da, bool accumulateA, Tensor db, bool accumulateB) : CpuDevice.IRangeBody
        where TOp : unmanaged, IBinaryOp
    {
        private readonly TOp _op = op;
        private readonly Operand _a = new(a, shape.RowStepA, shape.ColumnStepA), _b = new(b, shape.RowStepB, shape.ColumnStepB);
        private readonly float* _dy = dy.Pointer, _da = da.Pointer, _db = db.Pointer;
        private readonly bool _accumulateA = accumulateA, _accumulateB = accumulateB;
        private readonly int _columns = shape.Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                for (int i = 0; i < _columns; i += VectorLane.Width)
                {
                    long at = row * _columns + i;
                    VectorLane a = _a.Load(row, i), b = _b.Load(row, i), dy = VectorLane.Load(_dy + at);
                    if (_da != null)
                    {
                        VectorLane gradient = _op.Apply(Dual<VectorLane>.Variable(a), Dual<VectorLane>.Fixed(b)).Derivative * dy;
                        (_accumulateA ? gradient + VectorLane.Load(_da + at) : gradient).StoreFirst(_da + at, _columns - i);
                    }

                    if (_db != null)
                    {
                        VectorLane gradient = _op.Apply(Dual<VectorLane>.Fixed(a), Dual<VectorLane>.Variable(b)).Derivative * dy;
                        (_accumulateB ? gradient + VectorLane.Load(_db + at) : gradient).StoreFirst(_db + at, _columns - i);
                    }
                }
            }
        }
    }

    private readonly struct FillBody(Tensor x, float value) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer;
        private readonly long _length = x.Length;
        private readonly VectorLane _value = VectorLane.Constant(value);

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                _value.StoreFirst(_x + i, Count(i, _length));
            }
        }
    }
}
