using System.Runtime.CompilerServices;
using ILGPU;

namespace TinyLM;

/// <summary>
/// Rotary positions (Su et al., "RoFormer", 2021) in Llama's half-split layout: in each of the first heads of a row, the pair
/// (i, i + size/2) turns by position · base^(-2i/size). The size is the head's, or that of its first columns alone (GPT-NeoX, Black et al.,
/// 2022). Positions may be divided by a scale, to stretch a context (linear position interpolation, Chen et al., 2023). The backward pass is
/// the turn by the opposite angle.
/// </summary>
public static unsafe class Rotary
{
    private static readonly GpuKernel ApplyGpu = new(ApplyKernel);

    /// <summary>
    /// Cosines and sines of every position, [positions, size] : size/2 cosines, then size/2 sines. Computed in double; lives with the device.
    /// </summary>
    /// <param name="device">Where it lives.</param>
    /// <param name="positions">As many as a document may have.</param>
    /// <param name="rotarySize">Columns of a head that turn: all of them, or its first ones.</param>
    /// <param name="base">Of the angles.</param>
    /// <param name="scale">Positions are divided by it.</param>
    /// <exception cref="ArgumentException">The size is odd or below 2, or the scale not positive.</exception>
    public static Tensor CreateTable(Device device, int positions, int rotarySize, double @base, double scale = 1)
    {
        ArgumentNullException.ThrowIfNull(device);
        Tensor table = device.Allocate(positions, rotarySize, "rotary");
        FillTable(table, @base, scale);
        return table;
    }

    /// <summary>As <see cref="CreateTable"/>, in memory that is there.</summary>
    /// <param name="table">[positions, size].</param>
    /// <param name="base">Of the angles.</param>
    /// <param name="scale">Positions are divided by it.</param>
    /// <exception cref="ArgumentException">The size is odd or below 2, or the scale not positive.</exception>
    public static void FillTable(Tensor table, double @base, double scale = 1)
    {
        var (positions, rotarySize) = (table.Rows, table.Columns);
        if (rotarySize < 2 || rotarySize % 2 != 0)
        {
            throw new ArgumentException($"Rotary: {rotarySize} columns of a head turn, expected 2 or a multiple of it: rotary turns pairs.");
        }

        if (!double.IsFinite(scale) || scale <= 0)
        {
            throw new ArgumentException($"Rotary: positions are divided by {scale}, expected a positive number.");
        }

        int half = rotarySize / 2;
        var values = new float[(long)positions * rotarySize];
        for (int position = 0; position < positions; position++)
        {
            for (int i = 0; i < half; i++)
            {
                var (sine, cosine) = Math.SinCos(position / scale * Math.Pow(@base, -2.0 * i / rotarySize));
                values[(long)position * rotarySize + i] = (float)cosine;
                values[(long)position * rotarySize + half + i] = (float)sine;
            }
        }

        table.CopyFrom(values);
    }

    /// <param name="x">[tokens, columns]; the first <paramref name="headCount"/> heads of each row turn, the other columns are copied.</param>
    /// <param name="positions">[tokens]: position of each token in its document.</param>
    /// <param name="table">Of <see cref="CreateTable"/>: [positions, columns of a head that turn].</param>
    /// <param name="headCount">Heads that turn: those of queries and keys.</param>
    /// <param name="inverse">Turn back: the backward pass.</param>
    /// <param name="y">[tokens, columns]; may be x.</param>
    /// <param name="headSize">Columns of a head; 0: as many as the table has. Those after the table's are copied.</param>
    public static void Apply(Tensor x, IndexTensor positions, Tensor table, int headCount, bool inverse, Tensor y, int headSize = 0)
    {
        headSize = headSize == 0 ? table.Columns : headSize;
        Shapes.Check(nameof(Rotary), nameof(y), y, x.Rows, x.Columns);
        Shapes.CheckLength(nameof(Rotary), "positions", positions, x.Rows);
        Shapes.CheckRange(nameof(Rotary), "position", positions, table.Rows);
        if (headSize < table.Columns)
        {
            throw new ArgumentException($"Rotary: a head has {headSize} columns, of which {table.Columns}, those of the table, cannot turn.");
        }

        if (headCount * headSize > x.Columns)
        {
            throw new ArgumentException($"Rotary: {headCount} heads of {headSize} need {headCount * headSize} columns, x is {x.Describe()}.");
        }

        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(x.Rows, new ApplyBody(x, positions, table, headCount, headSize, inverse, y), smallestShare: 16);
                break;
            case GpuDevice gpu:
                gpu.Launch(ApplyGpu, GpuReduction.GroupsForRows(x.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(x).With(positions).With(table).With(headCount).With(headSize).With(table.Columns).With(inverse ? -1f : 1f).With(y)
                    .With(x.Rows).With(x.Columns).Run();
                break;
        }
    }

    private readonly struct ApplyBody(Tensor x, IndexTensor positions, Tensor table, int headCount, int headSize, bool inverse, Tensor y)
        : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _table = table.Pointer, _y = y.Pointer;
        private readonly int* _positions = positions.Pointer;
        private readonly int _columns = x.Columns, _headCount = headCount, _headSize = headSize, _rotarySize = table.Columns;
        private readonly float _direction = inverse ? -1 : 1;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            int half = _rotarySize / 2, heads = _headCount * _headSize, copied = _headSize - _rotarySize;
            for (long token = start; token < end; token++)
            {
                float* x = _x + token * _columns, y = _y + token * _columns, cosines = _table + (long)_positions[token] * _rotarySize;
                for (int head = 0; head < heads; head += _headSize)
                {
                    Turn(x + head, y + head, cosines, cosines + half, half);
                    if (copied > 0)
                    {
                        Copy(x, y, head + _rotarySize, copied);
                    }
                }

                Copy(x, y, heads, _columns - heads);
            }
        }

        private static void Copy(float* x, float* y, int first, int count)
        {
            if (x != y)
            {
                new ReadOnlySpan<float>(x + first, count).CopyTo(new Span<float>(y + first, count));
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
        ArrayView<float> x,
        ArrayView<int> positions,
        ArrayView<float> table,
        int headCount,
        int headSize,
        int rotarySize,
        float direction,
        ArrayView<float> y,
        int tokens,
        int columns)
    {
        int token = GpuReduction.Row(), lane = GpuReduction.Lane();
        if (token >= tokens)
        {
            return;
        }

        int half = rotarySize / 2, row = token * columns, angles = positions[token] * rotarySize, heads = headCount * headSize;
        for (int pair = lane; pair < headCount * half; pair += GpuReduction.WarpSize)
        {
            int head = pair / half, i = pair - head * half, at = row + head * headSize + i;
            float first = x[at], second = x[at + half], cosine = table[angles + i], sine = table[angles + half + i] * direction;
            y[at] = first * cosine - second * sine;
            y[at + half] = second * cosine + first * sine;
        }

        int firstCopied = rotarySize < headSize ? 0 : heads;
        for (int column = firstCopied + lane; column < columns; column += GpuReduction.WarpSize)
        {
            if (column >= heads || column % headSize >= rotarySize)
            {
                y[row + column] = x[row + column];
            }
        }
    }
}
