using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TinyLM;

/// <summary>
/// The innermost product, shared by matrix products and attention: a tile of 12 rows × up to 32 columns, summed over
/// <c>depth</c> in one chain of fused multiply-adds an element. So an element's bits depend on its row of A and its column of
/// B alone, never on the tile that it falls into.
/// </summary>
internal static unsafe partial class MicroKernel
{
    public const int Rows = 12;
    public const int Columns = 32;
    public const int Narrow = 16;

    /// <summary>Columns that a packed panel has: the last one of a matrix may do with half.</summary>
    public static int PanelWidth(int columns) => columns <= Narrow ? Narrow : Columns;

    /// <summary>
    /// A tile of A·B. Element (i, p) of A stands at <c>a + i·rowBytes + p·stepBytes</c>, so that one kernel reads packed, row-major
    /// and transposed rows; all 12 rows must be readable. Of B's packed panel it takes the first <paramref name="width"/> columns, 16
    /// or 32 of the <paramref name="bStride"/> that a row has.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(int depth, float* a, nint rowBytes, nint stepBytes, float* b, int bStride, int width, in TileStore store)
    {
        if (!Vector512.IsHardwareAccelerated)
        {
            TileOfQuarters(depth, a, rowBytes, stepBytes, b, bStride, width, in store);
        }
        else if (width == Columns)
        {
            Tile12x32(depth, a, rowBytes, stepBytes, b, bStride, in store);
        }
        else
        {
            Tile12x16(depth, a, rowBytes, stepBytes, b, bStride, in store);
        }
    }

    /// <summary>The tile in parts of 6 × 16, which fit the 16 registers of AVX2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void TileOfQuarters(
        int depth, float* a, nint rowBytes, nint stepBytes, float* b, int bStride, int width, in TileStore store)
    {
        // Half a panel of b stays in the first-level cache for the second rows.
        for (int column = 0; column < width; column += 16)
        {
            for (int row = 0; row < Rows; row += 6)
            {
                Tile6x16(depth, (byte*)a + (row * rowBytes), rowBytes, stepBytes, b + column, bStride, store.Part(row, column));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile6x16(int depth, byte* row0, nint rowBytes, nint stepBytes, float* b, nint bStride, in TileStore store)
    {
        Vector256<float> sum0Left = default, sum0Right = default, sum1Left = default, sum1Right = default;
        Vector256<float> sum2Left = default, sum2Right = default, sum3Left = default, sum3Right = default;
        Vector256<float> sum4Left = default, sum4Right = default, sum5Left = default, sum5Right = default;
        byte* row3 = row0 + (3 * rowBytes);
        for (; depth > 0; depth--)
        {
            Vector256<float> left = Vector256.Load(b);
            Vector256<float> right = Vector256.Load(b + 8);
            Vector256<float> factor = Vector256.Create(*(float*)row0);
            sum0Left = Vector256.FusedMultiplyAdd(factor, left, sum0Left);
            sum0Right = Vector256.FusedMultiplyAdd(factor, right, sum0Right);
            factor = Vector256.Create(*(float*)(row0 + rowBytes));
            sum1Left = Vector256.FusedMultiplyAdd(factor, left, sum1Left);
            sum1Right = Vector256.FusedMultiplyAdd(factor, right, sum1Right);
            factor = Vector256.Create(*(float*)(row0 + (2 * rowBytes)));
            sum2Left = Vector256.FusedMultiplyAdd(factor, left, sum2Left);
            sum2Right = Vector256.FusedMultiplyAdd(factor, right, sum2Right);
            factor = Vector256.Create(*(float*)row3);
            sum3Left = Vector256.FusedMultiplyAdd(factor, left, sum3Left);
            sum3Right = Vector256.FusedMultiplyAdd(factor, right, sum3Right);
            factor = Vector256.Create(*(float*)(row3 + rowBytes));
            sum4Left = Vector256.FusedMultiplyAdd(factor, left, sum4Left);
            sum4Right = Vector256.FusedMultiplyAdd(factor, right, sum4Right);
            factor = Vector256.Create(*(float*)(row3 + (2 * rowBytes)));
            sum5Left = Vector256.FusedMultiplyAdd(factor, left, sum5Left);
            sum5Right = Vector256.FusedMultiplyAdd(factor, right, sum5Right);
            b += bStride;
            row0 += stepBytes;
            row3 += stepBytes;
        }

        float* c = store.C;
        nint stride = store.Stride;
        if (store.IsPlain)
        {
            sum0Left.Store(c);
            sum0Right.Store(c + 8);
            sum1Left.Store(c + stride);
            sum1Right.Store(c + stride + 8);
            sum2Left.Store(c + (2 * stride));
            sum2Right.Store(c + (2 * stride) + 8);
            sum3Left.Store(c + (3 * stride));
            sum3Right.Store(c + (3 * stride) + 8);
            sum4Left.Store(c + (4 * stride));
            sum4Right.Store(c + (4 * stride) + 8);
            sum5Left.Store(c + (5 * stride));
            sum5Right.Store(c + (5 * stride) + 8);
        }
        else
        {
            store.Add(0, 0, Vector512.Create(sum0Left, sum0Right));
            store.Add(1, 0, Vector512.Create(sum1Left, sum1Right));
            store.Add(2, 0, Vector512.Create(sum2Left, sum2Right));
            store.Add(3, 0, Vector512.Create(sum3Left, sum3Right));
            store.Add(4, 0, Vector512.Create(sum4Left, sum4Right));
            store.Add(5, 0, Vector512.Create(sum5Left, sum5Right));
        }
    }
}
