using TinyLM;

namespace CustomOp;

public static unsafe partial class Distances
{
    /// <summary>A worker takes a range of rows; sixteen columns at a time.</summary>
    private readonly struct ForwardBody(Tensor x, Tensor c, Tensor y) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _c = c.Pointer, _y = y.Pointer;
        private readonly int _columns = x.Columns, _centers = c.Rows;

        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                for (int center = 0; center < _centers; center++)
                {
                    _y[row * _centers + center] = Distance(_x + row * _columns, _c + (long)center * _columns);
                }
            }
        }

        private float Distance(float* x, float* c)
        {
            VectorLane sum = VectorLane.Constant(0);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                VectorLane difference = VectorLane.LoadFirst(x + i, _columns - i) - VectorLane.LoadFirst(c + i, _columns - i);
                sum = VectorLane.MultiplyAdd(difference, difference, sum);
            }

            return sum.Sum();
        }
    }
}
