using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TinyLM;

/// <summary>The small products and copies that both passes are made of.</summary>
public static unsafe partial class Attention
{
    /// <summary>Keys as panels [head size][32], 32 keys each: ready for scores.</summary>
    private static void PackKeys(float* keys, nint stride, int count, int headSize, float* packed)
    {
        for (int key = 0; key < count; key += MicroKernel.Columns)
        {
            int columns = Math.Min(MicroKernel.Columns, count - key);
            Panels.PackTransposed(keys + (key * stride), stride, columns, headSize, packed + ((nint)key * headSize), MicroKernel.Columns);
        }
    }

    /// <summary>Twelve rows times the packed keys from <paramref name="first"/> (a multiple of 32) to <paramref name="last"/> - 1.</summary>
    private static void MultiplyByKeys(float* rows, int headSize, float* packed, int first, int last, float* strip, int stripStride)
    {
        for (int key = first; key < last; key += MicroKernel.Columns)
        {
            MicroKernel.Multiply(
                headSize,
                rows,
                headSize * sizeof(float),
                sizeof(float),
                packed + ((nint)key * headSize),
                MicroKernel.Columns,
                MicroKernel.PanelWidth(last - key),
                new TileStore { C = strip + key - first, Stride = stripStride });
        }
    }

    /// <summary>
    /// A strip of twelve rows of weights times packed rows (values, keys): of the <paramref name="packedDepth"/> rows that the panels
    /// have, <paramref name="depth"/> from <paramref name="first"/> on.
    /// </summary>
    private static void MultiplyByRows(
        int first,
        int depth,
        float* strip,
        int stripStride,
        float* packed,
        int packedDepth,
        int headSize,
        float* result,
        int resultStride,
        bool accumulate)
    {
        for (int column = 0; column < headSize; column += MicroKernel.Columns)
        {
            int width = MicroKernel.PanelWidth(headSize - column);
            MicroKernel.Multiply(
                depth,
                strip,
                stripStride * sizeof(float),
                sizeof(float),
                packed + ((nint)column * packedDepth) + ((nint)first * width),
                width,
                width,
                new TileStore { C = result + column, Stride = resultStride, Accumulate = accumulate });
        }
    }

    /// <summary>The first key of the panel that <paramref name="key"/> lies in.</summary>
    private static int PanelStart(int key) => key / MicroKernel.Columns * MicroKernel.Columns;

    /// <summary>Unscaled scores become cap · tanh(score / cap); up to 15 after them do, too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Cap(float* scores, int count, float cap)
    {
        VectorLane caps = VectorLane.Constant(cap), inverse = VectorLane.Constant(1 / cap);
        for (int i = 0; i < count; i += VectorLane.Width)
        {
            (caps * Tanh(VectorLane.Load(scores + i) * inverse)).Store(scores + i);
        }
    }

    /// <summary>As <see cref="Cap"/>; and dP becomes (dP - <paramref name="delta"/>) · (1 - tanh²), the cap's slope.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void CapWithSlope(float* scores, float* gradients, int count, float cap, float delta)
    {
        VectorLane caps = VectorLane.Constant(cap), inverse = VectorLane.Constant(1 / cap);
        VectorLane one = VectorLane.Constant(1), deltas = VectorLane.Constant(delta);
        for (int i = 0; i < count; i += VectorLane.Width)
        {
            VectorLane tanh = Tanh(VectorLane.Load(scores + i) * inverse);
            (caps * tanh).Store(scores + i);
            ((VectorLane.Load(gradients + i) - deltas) * (one - tanh * tanh)).Store(gradients + i);
        }
    }

    /// <summary>Touches nothing beside the columns. <paramref name="streams"/>: past the caches, to whole cache lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void CopyRows(
        float* source, nint sourceStride, int rows, int columns, float* destination, nint destinationStride, bool streams = false)
    {
        int whole = columns & ~15;
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < whole; i += 16)
            {
                Vector512<float> values = Vector512.Load(source + i);
                if (streams)
                {
                    values.StoreAlignedNonTemporal(destination + i);
                }
                else
                {
                    values.Store(destination + i);
                }
            }

            for (int i = whole; i < columns; i++)
            {
                destination[i] = source[i];
            }

            source += sourceStride;
            destination += destinationStride;
        }
    }

    /// <summary>destination = factor·source for one head of one token; touches nothing beside it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void CopyScaled(float* source, float factor, float* destination, int count)
    {
        Vector512<float> factors = Vector512.Create(factor);
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            (Vector512.Load(source + i) * factors).Store(destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = source[i] * factor;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Dot(float* left, float* right, int count)
    {
        Vector512<float> sums = default;
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            sums = Vector512.FusedMultiplyAdd(Vector512.Load(left + i), Vector512.Load(right + i), sums);
        }

        float sum = Vector512.Sum(sums);
        for (; i < count; i++)
        {
            sum = MathF.FusedMultiplyAdd(left[i], right[i], sum);
        }

        return sum;
    }
}
