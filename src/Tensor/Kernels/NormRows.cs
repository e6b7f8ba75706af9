using ILGPU;

namespace TinyLM;

/// <summary>
/// What a norm takes for a row: a whole row of a matrix, or one of the first heads of it (QK-norm, Henry et al., "Query-key normalization for
/// transformers", 2020), where the columns after the heads are copied.
/// </summary>
internal readonly unsafe struct NormRows
{
    private readonly int _heads;
    private readonly int _stride;
    private readonly int _rest;

    private NormRows(int heads, int size, int stride)
    {
        (_heads, Size, _stride, _rest) = (heads, size, stride, stride - (heads * size));
    }

    /// <summary>Columns of a row of the norm.</summary>
    public int Size { get; }

    /// <summary>How many there are in a row of the matrix.</summary>
    public int PerRow => _heads;

    /// <param name="op">For messages.</param>
    /// <param name="x">The matrix.</param>
    /// <param name="headCount">0: whole rows.</param>
    /// <param name="headSize">Columns of a head.</param>
    public static NormRows Of(string op, Tensor x, int headCount, int headSize)
    {
        if (headCount == 0)
        {
            return new NormRows(1, x.Columns, x.Columns);
        }

        if (headCount < 0 || headSize < 1 || (long)headCount * headSize > x.Columns)
        {
            throw new ArgumentException($"{op}: {headCount} heads of {headSize} columns do not fit in x, {x.Describe()}.");
        }

        return new NormRows(headCount, headSize, x.Columns);
    }

    /// <summary>Where a row begins.</summary>
    public long Start(long row) => _heads == 1 ? row * _stride : (row / _heads * _stride) + (row % _heads * Size);

    /// <inheritdoc cref="Start(long)"/>
    public int Start(int row) => _heads == 1 ? row * _stride : (row / _heads * _stride) + (row % _heads * Size);

    /// <summary>For each row: y = (or +=) x in the columns after the last head, if the row is of that head. CPU.</summary>
    public void CopyRest(long row, float* x, float* y, bool accumulate)
    {
        if (_rest > 0 && row % _heads == _heads - 1)
        {
            long first = Start(row) + Size;
            for (int i = 0; i < _rest; i += VectorLane.Width)
            {
                VectorLane value = VectorLane.Load(x + first + i);
                (accumulate ? value + VectorLane.Load(y + first + i) : value).StoreFirst(y + first + i, _rest - i);
            }
        }
    }

    /// <inheritdoc cref="CopyRest(long, float*, float*, bool)"/>
    public void CopyRest(int row, int lane, ArrayView<float> x, ArrayView<float> y, int accumulate)
    {
        if (_rest > 0 && row % _heads == _heads - 1)
        {
            int first = Start(row) + Size;
            for (int i = lane; i < _rest; i += GpuReduction.WarpSize)
            {
                y[first + i] = accumulate != 0 ? y[first + i] + x[first + i] : x[first + i];
            }
        }
    }
}
