namespace TinyLM;

/// <content>CPU bodies: a range of sixteen floats at a time; the last few of a tensor are stored one by one.</content>
public static unsafe partial class Elementwise
{
    private static int Count(long index, long length) => (int)Math.Min(VectorLane.Width, length - index);

    private readonly struct UnaryBody<TOp>(Tensor x, Tensor y) : CpuDevice.IRangeBody
        where TOp : struct, IUnaryOp
    {
        private readonly float* _x = x.Pointer, _y = y.Pointer;
        private readonly long _length = x.Length;

        public void Run(long start, long end)
        {
            float* x = _x, y = _y;
            long length = _length;
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                TOp.Apply(VectorLane.Load(x + i)).StoreFirst(y + i, Count(i, length));
            }
        }
    }

    private readonly struct UnaryBackwardBody<TOp>(Tensor x, Tensor dy, Tensor dx, bool accumulate) : CpuDevice.IRangeBody
        where TOp : struct, IUnaryOp
    {
        private readonly float* _x = x.Pointer, _dy = dy.Pointer, _dx = dx.Pointer;
        private readonly long _length = x.Length;
        private readonly bool _accumulate = accumulate;

        public void Run(long start, long end)
        {
            float* x = _x, dy = _dy, dx = _dx;
            long length = _length;
            bool accumulate = _accumulate;
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                VectorLane gradient = TOp.Apply(Dual<VectorLane>.Variable(VectorLane.Load(x + i))).Derivative * VectorLane.Load(dy + i);
                (accumulate ? gradient + VectorLane.Load(dx + i) : gradient).StoreFirst(dx + i, Count(i, length));
            }
        }
    }

    private readonly struct BinaryBody<TOp>(Tensor a, Tensor b, Tensor y) : CpuDevice.IRangeBody
        where TOp : struct, IBinaryOp
    {
        private readonly float* _a = a.Pointer, _b = b.Pointer, _y = y.Pointer;
        private readonly long _length = a.Length;

        public void Run(long start, long end)
        {
            float* a = _a, b = _b, y = _y;
            long length = _length;
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                TOp.Apply(VectorLane.Load(a + i), VectorLane.Load(b + i)).StoreFirst(y + i, Count(i, length));
            }
        }
    }

    private readonly struct BinaryBackwardBody<TOp>(Tensor a, Tensor b, Tensor dy, Tensor da, bool accumulateA, Tensor db, bool accumulateB)
        : CpuDevice.IRangeBody
        where TOp : struct, IBinaryOp
    {
        private readonly float* _a = a.Pointer, _b = b.Pointer, _dy = dy.Pointer, _da = da.Pointer, _db = db.Pointer;
        private readonly long _length = a.Length;
        private readonly bool _accumulateA = accumulateA, _accumulateB = accumulateB;

        public void Run(long start, long end)
        {
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                VectorLane a = VectorLane.Load(_a + i), b = VectorLane.Load(_b + i), dy = VectorLane.Load(_dy + i);
                if (_da != null)
                {
                    VectorLane gradient = TOp.Apply(Dual<VectorLane>.Variable(a), Dual<VectorLane>.Fixed(b)).Derivative * dy;
                    (_accumulateA ? gradient + VectorLane.Load(_da + i) : gradient).StoreFirst(_da + i, Count(i, _length));
                }

                if (_db != null)
                {
                    VectorLane gradient = TOp.Apply(Dual<VectorLane>.Fixed(a), Dual<VectorLane>.Variable(b)).Derivative * dy;
                    (_accumulateB ? gradient + VectorLane.Load(_db + i) : gradient).StoreFirst(_db + i, Count(i, _length));
                }
            }
        }
    }

    private readonly struct FillBody(Tensor x, float value) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer;
        private readonly long _length = x.Length;
        private readonly VectorLane _value = VectorLane.Constant(value);

        public void Run(long start, long end)
        {
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                _value.StoreFirst(_x + i, Count(i, _length));
            }
        }
    }
}
