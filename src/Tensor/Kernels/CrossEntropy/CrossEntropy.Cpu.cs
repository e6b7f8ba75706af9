using System.Runtime.CompilerServices;

namespace TinyLM;

/// <content>CPU: a row stays in the cache between its passes.</content>
public static unsafe partial class CrossEntropy
{
    private readonly struct ForwardBody<TCap>(TCap cap, Tensor logits, IndexTensor targets, Tensor losses, Tensor logSumExp, float zLoss) : CpuDevice.IRangeBody
        where TCap : unmanaged, IUnaryOp
    {
        private readonly TCap _cap = cap;
        private readonly float* _logits = logits.Pointer, _losses = losses.Pointer, _logSumExp = logSumExp.Pointer;
        private readonly int* _targets = targets.Pointer;
        private readonly int _columns = logits.Columns;
        private readonly float _zLoss = zLoss;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                float* logits = _logits + row * _columns;
                float total = LogSumExp(logits);
                _logSumExp[row] = total;
                _losses[row] = _targets[row] >= 0 ? total - Capped(logits[_targets[row]]) + _zLoss * total * total : 0;
            }
        }

        /// <summary>By the vector's formula, so that the target's term cancels exactly where it is the only one.</summary>
        private float Capped(float logit) => _cap.Apply(VectorLane.Constant(logit)).Value[0];

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private float LogSumExp(float* x)
        {
            TCap cap = _cap;
            int columns = _columns;
            VectorLane lowest = VectorLane.Constant(float.NegativeInfinity), greatest = lowest, sum = VectorLane.Constant(0);
            for (int i = 0; i < columns; i += VectorLane.Width)
            {
                int count = columns - i;
                VectorLane value = VectorLane.Load(x + i);
                value = count < VectorLane.Width ? VectorLane.SelectFirst(value, count, lowest) : value;
                greatest = VectorLane.SelectGreater(value, greatest, value, greatest);
            }

            // A cap is monotonic: that of the largest is the largest.
            float largest = Capped(VectorMath.HorizontalMax(greatest.Value));
            VectorLane shift = VectorLane.Constant(largest);
            for (int i = 0; i < columns; i += VectorLane.Width)
            {
                int count = columns - i;
                VectorLane value = VectorLane.Exp(cap.Apply(VectorLane.Load(x + i)) - shift);
                sum += count < VectorLane.Width ? VectorLane.SelectFirst(value, count) : value;
            }

            return largest + MathF.Log(sum.Sum());
        }
    }

    private readonly struct BackwardBody<TCap>(
        TCap cap, Tensor logits, IndexTensor targets, Tensor logSumExp, Tensor dlosses, Tensor dlogits, bool accumulate, float zLoss) : CpuDevice.IRangeBody
        where TCap : unmanaged, IUnaryOp
    {
        private readonly TCap _cap = cap;
        private readonly float* _logits = logits.Pointer, _logSumExp = logSumExp.Pointer, _dlosses = dlosses.Pointer, _dlogits = dlogits.Pointer;
        private readonly int* _targets = targets.Pointer;
        private readonly int _columns = logits.Columns;
        private readonly bool _accumulate = accumulate;
        private readonly float _zLoss = zLoss;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long row = start; row < end; row++)
            {
                float* logits = _logits + row * _columns, dlogits = _dlogits + row * _columns;
                int target = _targets[row];
                if (target >= 0)
                {
                    float hit = _cap.Apply(Dual<VectorLane>.Variable(VectorLane.Constant(logits[target]))).Derivative.Value[0] * _dlosses[row];
                    Row(logits, dlogits, _logSumExp[row], _dlosses[row] * (1 + 2 * _zLoss * _logSumExp[row]));
                    dlogits[target] -= hit;
                }
                else if (!_accumulate)
                {
                    new Span<float>(dlogits, _columns).Clear();
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void Row(float* logits, float* dlogits, float logSumExp, float scale)
        {
            TCap cap = _cap;
            VectorLane shift = VectorLane.Constant(logSumExp), upstream = VectorLane.Constant(scale);
            for (int i = 0; i < _columns; i += VectorLane.Width)
            {
                Dual<VectorLane> capped = cap.Apply(Dual<VectorLane>.Variable(VectorLane.Load(logits + i)));
                VectorLane gradient = VectorLane.Exp(capped.Value - shift) * upstream * capped.Derivative;
                (_accumulate ? gradient + VectorLane.Load(dlogits + i) : gradient).StoreFirst(dlogits + i, _columns - i);
            }
        }
    }
}
