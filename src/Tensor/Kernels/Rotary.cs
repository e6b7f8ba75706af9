using ILGPU;

namespace TinyLM;

/// <summary>
/// Rotary positions (Su et al., "RoFormer", 2021) in Llama's half-split layout: in each of the first heads of a row, the pair
/// (i, i + size/2) turns by position · base^(-2i/size). The backward pass is the turn by the opposite angle.
/// </summary>
public static unsafe class Rotary
{
    private static readonly GpuKernel ApplyGpu = new(ApplyKernel);

    /// <summary>
    /// Cosines and sines of every position, [positions, size] : size/2 cosines, then size/2 sines. Computed in double; lives with the device.
    /// </summary>
    public static Tensor CreateTable(Device device, int positions, int headSize, double @base)
    {
        if (headSize % 2 != 0)
        {
            throw new ArgumentException($"Rotary: a head size of {headSize} is odd, and rotary turns pairs.");
        }

        int half = headSize / 2;
        var values = new float[(long)positions * headSize];
        for (int position = 0; position < positions; position++)
        {
            for (int i = 0; i < half; i++)
            {
                var (sine, cosine) = Math.SinCos(position * Math.Pow(@base, -2.0 * i / headSize));
                values[(long)position * headSize + i] = (float)cosine;
                values[(long)position * headSize + half + i] = (float)sine;
            }
        }

        Tensor table = device.Allocate(positions, headSize, "rotary");
        table.CopyFrom(values);
        return table;
    }

    /// <param name="x">[tokens, columns]; the first <paramref name="headCount"/> heads of each row turn, the other columns are copied.</param>
    /// <param name="positions">[tokens]: position of each token in its document.</param>
    /// <param name="table">Of <see cref="CreateTable"/>.</param>
    /// <param name="headCount">Heads that turn: those of queries and keys.</param>
    /// <param name="inverse">Turn back: the backward pass.</param>
    /// <param name="y">[tokens, columns]; may be x.</param>
    public static void Apply(Tensor x, IndexTensor positions, Tensor table, int headCount, bool inverse, Tensor y)
    {
        int headSize = table.Columns;
        Shapes.Check(nameof(Rotary), nameof(y), y, x.Rows, x.Columns);
        Shapes.CheckLength(nameof(Rotary), "positions", positions, x.Rows);
        Shapes.CheckRange(nameof(Rotary), "position", positions, table.Rows);
        if (headCount * headSize > x.Columns)
        {
            throw new ArgumentException($"Rotary: {headCount} heads of {headSize} need {headCount * headSize} columns, x is {x.Describe()}.");
        }

        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(x.Rows, new ApplyBody(x, positions, table, headCount, inverse, y), smallestShare: 16);
                break;
            case GpuDevice gpu:
                gpu.Launch(ApplyGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(positions).With(table).With(headCount).With(headSize).With(inverse ? -1f : 1f).With(y).With(x.Rows).With(x.Columns).Run();
                break;
        }
    }

    private readonly struct ApplyBody(Tensor x, IndexTensor positions, Tensor table, int headCount, bool inverse, Tensor y) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _table = table.Pointer, _y = y.Pointer;
        private readonly int* _positions = positions.Pointer;
        private readonly int _columns = x.Columns, _headCount = headCount, _headSize = table.Columns;
        private readonly float _direction = inverse ? -1 : 1;

        public void Run(long start, long end)
        {
            int half = _headSize / 2, turned = _headCount * _headSize;
            for (long token = start; token < end; token++)
            {
                float* x = _x + token * _columns, y = _y + token * _columns, cosines = _table + (long)_positions[token] * _headSize;
                for (int head = 0; head < _headCount; head++)
                {
                    Turn(x + head * _headSize, y + head * _headSize, cosines, cosines + half, half);
                }

                if (x != y)
                {
                    new ReadOnlySpan<float>(x + turned, _columns - turned).CopyTo(new Span<float>(y + turned, _columns - turned));
                }
            }
        }

        private void Turn(float* x, float* y, float* cosines, float* sines, int half)
        {
            VectorLane direction = VectorLane.Constant(_direction);
            int i = 0;
            for (; i + VectorLane.Width <= half; i += VectorLane.Width)
            {
                VectorLane first = VectorLane.Load(x + i), second = VectorLane.Load(x + half + i);
                VectorLane cosine = VectorLane.Load(cosines + i), sine = VectorLane.Load(sines + i) * direction;
                (first * cosine - second * sine).Store(y + i);
                (second * cosine + first * sine).Store(y + half + i);
            }

            for (; i < half; i++)
            {
                float first = x[i], second = x[half + i], sine = sines[i] * _direction;
                y[i] = first * cosines[i] - second * sine;
                y[half + i] = second * cosines[i] + first * sine;
            }
        }
    }

    /// <summary>A warp a token.</summary>
    private static void ApplyKernel(
        ArrayView<float> x, ArrayView<int> positions, ArrayView<float> table, int headCount, int headSize, float direction, ArrayView<float> y, int tokens, int columns)
    {
        int token = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (token >= tokens)
        {
            return;
        }

        int half = headSize / 2, row = token * columns, angles = positions[token] * headSize;
        for (int pair = lane; pair < headCount * half; pair += GpuReduction.WarpSize)
        {
            int head = pair / half, i = pair - head * half, at = row + head * headSize + i;
            float first = x[at], second = x[at + half], cosine = table[angles + i], sine = table[angles + half + i] * direction;
            y[at] = first * cosine - second * sine;
            y[at + half] = second * cosine + first * sine;
        }

        for (int column = headCount * headSize + lane; column < columns; column += GpuReduction.WarpSize)
        {
            y[row + column] = x[row + column];
        }
    }
}
