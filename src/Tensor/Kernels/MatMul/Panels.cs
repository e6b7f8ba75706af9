using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TinyLM;

/// <summary>
/// Copies of matrices in the order in which <see cref="MicroKernel"/> reads them. A panel of B is [depth][32], or [depth][16] if
/// it has no more columns; a panel of A is [depth][12]. What stands in the columns past the last one is never looked at. B may be bfloat16
/// (<c>ushort</c>); its copy is float32.
/// </summary>
internal static unsafe class Panels
{
    /// <summary>Depth that one worker transposes at a time.</summary>
    public const int Chunk = 64;

    private const int Lanes = 16;

    public static int GroupSize(int depth, int panels) => panels * ((depth * MicroKernel.Rows) + 16);

    /// <summary>A row distance that is no multiple of a page, and fills whole cache lines.</summary>
    public static int CopyStride(int depth) => ((depth + 15) / 16 * 16) + (depth % 32 < 16 ? 16 : 32);

    /// <summary>A panel of bᵀ: <paramref name="columns"/> rows of the source, <paramref name="depth"/> of their elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void PackTransposed<T>(T* source, nint stride, int columns, int depth, float* panel, int width)
        where T : unmanaged
    {
        if (depth < Lanes)
        {
            for (int column = 0; column < columns; column++)
            {
                for (int p = 0; p < depth; p++)
                {
                    panel[(p * width) + column] = Elements.At(source + (column * stride) + p);
                }
            }

            return;
        }

        for (int column = 0; column < columns; column += Lanes)
        {
            int rows = Math.Min(Lanes, columns - column);
            for (int p = 0; p < depth; p += Lanes)
            {
                // The last block begins early and writes some elements again: no remainder to do one by one.
                int start = Math.Min(p, depth - Lanes);
                Transpose16(source + (column * stride) + start, stride, rows, panel + (start * width) + column, width);
            }
        }
    }

    /// <summary>
    /// Rows <paramref name="first"/> to <paramref name="last"/> of b [depth, columns] into all panels: row by row, since the
    /// processor fetches ahead along a row.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void PackRows<T>(T* source, nint stride, int first, int last, int depth, int columns, float* packed)
        where T : unmanaged
    {
        int whole = columns / MicroKernel.Columns;
        int rest = columns - (whole * MicroKernel.Columns);
        int restWidth = MicroKernel.PanelWidth(rest);
        nint panelSize = (nint)depth * MicroKernel.Columns;
        for (int p = first; p < last; p++)
        {
            T* row = source + (p * stride);
            float* panel = packed + (p * MicroKernel.Columns);
            for (int q = 0; q < whole; q++)
            {
                Elements.Load(row).Store(panel);
                Elements.Load(row + Lanes).Store(panel + Lanes);
                row += MicroKernel.Columns;
                panel += panelSize;
            }

            if (rest > 0)
            {
                CopyFew(row, packed + (whole * panelSize) + (p * restWidth), rest);
            }
        }
    }

    /// <summary>Twelve rows of a, or fewer, in row-major order but at a harmless distance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void CopyRows(float* source, nint stride, int rows, int depth, float* copy)
    {
        for (int row = 0; row < rows; row++)
        {
            Buffer.MemoryCopy(source + (row * stride), copy + (row * (nint)CopyStride(depth)), depth * sizeof(float), depth * sizeof(float));
        }
    }

    /// <summary>Panels of aᵀ: <paramref name="panels"/> times 12 columns of the source, or one panel of fewer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void PackGroup(float* source, nint stride, int panels, int columns, int depth, float* packed)
    {
        if (columns < MicroKernel.Rows)
        {
            for (int p = 0; p < depth; p++)
            {
                for (int column = 0; column < columns; column++)
                {
                    packed[(p * MicroKernel.Rows) + column] = source[(p * stride) + column];
                }
            }

            return;
        }

        nint panelSize = GroupSize(depth, 1);
        for (int p = 0; p < depth; p++)
        {
            float* row = source + (p * stride);
            float* panel = packed + (p * MicroKernel.Rows);
            for (int q = 0; q < panels; q++)
            {
                Vector256.Load(row).Store(panel);
                Vector128.Load(row + 8).Store(panel + 8);
                row += MicroKernel.Rows;
                panel += panelSize;
            }
        }
    }

    /// <summary>
    /// A block of 16 × 16, transposed; of the source only <paramref name="rows"/> rows exist, and the last one stands in for the
    /// missing ones.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Transpose16<T>(T* source, nint stride, int rows, float* result, nint resultStride)
        where T : unmanaged
    {
        if (!Avx512F.IsSupported && Avx.IsSupported)
        {
            for (int row = 0; row < Lanes; row += Lanes / 2)
            {
                Transpose8(source, stride, row, rows, result + row, resultStride);
            }

            return;
        }

        if (!Avx512F.IsSupported)
        {
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < Lanes; column++)
                {
                    result[(column * resultStride) + row] = Elements.At(source + (row * stride) + column);
                }
            }

            return;
        }

        Vector512<float>* quads = stackalloc Vector512<float>[Lanes];
        for (int quad = 0; quad < Lanes; quad += 4)
        {
            Vector512<float> row0 = Elements.Load(source + (Math.Min(quad, rows - 1) * stride));
            Vector512<float> row1 = Elements.Load(source + (Math.Min(quad + 1, rows - 1) * stride));
            Vector512<float> row2 = Elements.Load(source + (Math.Min(quad + 2, rows - 1) * stride));
            Vector512<float> row3 = Elements.Load(source + (Math.Min(quad + 3, rows - 1) * stride));
            Vector512<double> low01 = Avx512F.UnpackLow(row0, row1).AsDouble();
            Vector512<double> high01 = Avx512F.UnpackHigh(row0, row1).AsDouble();
            Vector512<double> low23 = Avx512F.UnpackLow(row2, row3).AsDouble();
            Vector512<double> high23 = Avx512F.UnpackHigh(row2, row3).AsDouble();
            quads[quad] = Avx512F.UnpackLow(low01, low23).AsSingle();
            quads[quad + 1] = Avx512F.UnpackHigh(low01, low23).AsSingle();
            quads[quad + 2] = Avx512F.UnpackLow(high01, high23).AsSingle();
            quads[quad + 3] = Avx512F.UnpackHigh(high01, high23).AsSingle();
        }

        // Now column c of rows q … q+3 stands in 128-bit part c / 4 of vector q + c % 4.
        const byte EvenParts = 0x88;
        const byte OddParts = 0xdd;
        for (int column = 0; column < 4; column++)
        {
            Vector512<float> even01 = Avx512F.Shuffle4x128(quads[column], quads[4 + column], EvenParts);
            Vector512<float> odd01 = Avx512F.Shuffle4x128(quads[column], quads[4 + column], OddParts);
            Vector512<float> even23 = Avx512F.Shuffle4x128(quads[8 + column], quads[12 + column], EvenParts);
            Vector512<float> odd23 = Avx512F.Shuffle4x128(quads[8 + column], quads[12 + column], OddParts);
            Avx512F.Shuffle4x128(even01, even23, EvenParts).Store(result + (column * resultStride));
            Avx512F.Shuffle4x128(odd01, odd23, EvenParts).Store(result + ((4 + column) * resultStride));
            Avx512F.Shuffle4x128(even01, even23, OddParts).Store(result + ((8 + column) * resultStride));
            Avx512F.Shuffle4x128(odd01, odd23, OddParts).Store(result + ((12 + column) * resultStride));
        }
    }

    /// <summary>Eight rows of such a block, for AVX2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8<T>(T* source, nint stride, int first, int rows, float* result, nint resultStride)
        where T : unmanaged
    {
        Vector512<float> row0 = Elements.Load(source + (Math.Min(first, rows - 1) * stride));
        Vector512<float> row1 = Elements.Load(source + (Math.Min(first + 1, rows - 1) * stride));
        Vector512<float> row2 = Elements.Load(source + (Math.Min(first + 2, rows - 1) * stride));
        Vector512<float> row3 = Elements.Load(source + (Math.Min(first + 3, rows - 1) * stride));
        Vector512<float> row4 = Elements.Load(source + (Math.Min(first + 4, rows - 1) * stride));
        Vector512<float> row5 = Elements.Load(source + (Math.Min(first + 5, rows - 1) * stride));
        Vector512<float> row6 = Elements.Load(source + (Math.Min(first + 6, rows - 1) * stride));
        Vector512<float> row7 = Elements.Load(source + (Math.Min(first + 7, rows - 1) * stride));
        Transpose8x8(
            row0.GetLower(), row1.GetLower(), row2.GetLower(), row3.GetLower(), row4.GetLower(), row5.GetLower(), row6.GetLower(), row7.GetLower(), result, resultStride);
        Transpose8x8(
            row0.GetUpper(), row1.GetUpper(), row2.GetUpper(), row3.GetUpper(), row4.GetUpper(), row5.GetUpper(), row6.GetUpper(), row7.GetUpper(),
            result + (8 * resultStride), resultStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8x8(
        Vector256<float> row0, Vector256<float> row1, Vector256<float> row2, Vector256<float> row3, Vector256<float> row4, Vector256<float> row5,
        Vector256<float> row6, Vector256<float> row7, float* result, nint stride)
    {
        TransposeQuads(row0, row1, row2, row3, out var upper0, out var upper1, out var upper2, out var upper3);
        TransposeQuads(row4, row5, row6, row7, out var lower0, out var lower1, out var lower2, out var lower3);

        // Column c of four rows stands in 128-bit part c / 4 of vector c % 4.
        const byte FirstParts = 0x20;
        const byte SecondParts = 0x31;
        Avx.Permute2x128(upper0, lower0, FirstParts).Store(result);
        Avx.Permute2x128(upper1, lower1, FirstParts).Store(result + stride);
        Avx.Permute2x128(upper2, lower2, FirstParts).Store(result + (2 * stride));
        Avx.Permute2x128(upper3, lower3, FirstParts).Store(result + (3 * stride));
        Avx.Permute2x128(upper0, lower0, SecondParts).Store(result + (4 * stride));
        Avx.Permute2x128(upper1, lower1, SecondParts).Store(result + (5 * stride));
        Avx.Permute2x128(upper2, lower2, SecondParts).Store(result + (6 * stride));
        Avx.Permute2x128(upper3, lower3, SecondParts).Store(result + (7 * stride));
    }

    /// <summary>Transposes 4 × 4 elements in each 128-bit part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeQuads(
        Vector256<float> row0, Vector256<float> row1, Vector256<float> row2, Vector256<float> row3,
        out Vector256<float> column0, out Vector256<float> column1, out Vector256<float> column2, out Vector256<float> column3)
    {
        Vector256<double> low01 = Avx.UnpackLow(row0, row1).AsDouble(), high01 = Avx.UnpackHigh(row0, row1).AsDouble();
        Vector256<double> low23 = Avx.UnpackLow(row2, row3).AsDouble(), high23 = Avx.UnpackHigh(row2, row3).AsDouble();
        column0 = Avx.UnpackLow(low01, low23).AsSingle();
        column1 = Avx.UnpackHigh(low01, low23).AsSingle();
        column2 = Avx.UnpackLow(high01, high23).AsSingle();
        column3 = Avx.UnpackHigh(high01, high23).AsSingle();
    }

    /// <summary>Copies up to 32 elements, and reads none beyond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void CopyFew<T>(T* source, float* destination, int count)
        where T : unmanaged
    {
        if (count >= Lanes)
        {
            Elements.Load(source).Store(destination);
            Elements.Load(source + count - Lanes).Store(destination + count - Lanes);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            destination[i] = Elements.At(source + i);
        }
    }
}
