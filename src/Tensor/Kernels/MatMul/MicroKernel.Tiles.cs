using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TinyLM;

// The sums are plain locals and the rows four pointers with a stride: so the JIT keeps all of them in registers, and the loop
// runs at the processor's peak from the first-level cache. An array, or a loop over rows, would spill.
internal static unsafe partial class MicroKernel
{
    /// <summary>A tile of 12 × 32: 24 sums, two loads and twelve broadcasts a step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile12x32(int depth, float* a, nint rowBytes, nint stepBytes, float* b, nint bStride, in TileStore store)
    {
        Vector512<float> sum0Left = default, sum0Right = default;
        Vector512<float> sum1Left = default, sum1Right = default;
        Vector512<float> sum2Left = default, sum2Right = default;
        Vector512<float> sum3Left = default, sum3Right = default;
        Vector512<float> sum4Left = default, sum4Right = default;
        Vector512<float> sum5Left = default, sum5Right = default;
        Vector512<float> sum6Left = default, sum6Right = default;
        Vector512<float> sum7Left = default, sum7Right = default;
        Vector512<float> sum8Left = default, sum8Right = default;
        Vector512<float> sum9Left = default, sum9Right = default;
        Vector512<float> sum10Left = default, sum10Right = default;
        Vector512<float> sum11Left = default, sum11Right = default;
        byte* row0 = (byte*)a;
        byte* row3 = row0 + (3 * rowBytes);
        byte* row6 = row3 + (3 * rowBytes);
        byte* row9 = row6 + (3 * rowBytes);
        for (; depth > 0; depth--)
        {
            Vector512<float> bLeft = Vector512.Load(b);
            Vector512<float> bRight = Vector512.Load(b + 16);
            Vector512<float> factor = Vector512.Create(*(float*)(row0));
            sum0Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum0Left);
            sum0Right = Vector512.FusedMultiplyAdd(factor, bRight, sum0Right);
            factor = Vector512.Create(*(float*)(row0 + rowBytes));
            sum1Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum1Left);
            sum1Right = Vector512.FusedMultiplyAdd(factor, bRight, sum1Right);
            factor = Vector512.Create(*(float*)(row0 + 2 * rowBytes));
            sum2Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum2Left);
            sum2Right = Vector512.FusedMultiplyAdd(factor, bRight, sum2Right);
            factor = Vector512.Create(*(float*)(row3));
            sum3Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum3Left);
            sum3Right = Vector512.FusedMultiplyAdd(factor, bRight, sum3Right);
            factor = Vector512.Create(*(float*)(row3 + rowBytes));
            sum4Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum4Left);
            sum4Right = Vector512.FusedMultiplyAdd(factor, bRight, sum4Right);
            factor = Vector512.Create(*(float*)(row3 + 2 * rowBytes));
            sum5Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum5Left);
            sum5Right = Vector512.FusedMultiplyAdd(factor, bRight, sum5Right);
            factor = Vector512.Create(*(float*)(row6));
            sum6Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum6Left);
            sum6Right = Vector512.FusedMultiplyAdd(factor, bRight, sum6Right);
            factor = Vector512.Create(*(float*)(row6 + rowBytes));
            sum7Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum7Left);
            sum7Right = Vector512.FusedMultiplyAdd(factor, bRight, sum7Right);
            factor = Vector512.Create(*(float*)(row6 + 2 * rowBytes));
            sum8Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum8Left);
            sum8Right = Vector512.FusedMultiplyAdd(factor, bRight, sum8Right);
            factor = Vector512.Create(*(float*)(row9));
            sum9Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum9Left);
            sum9Right = Vector512.FusedMultiplyAdd(factor, bRight, sum9Right);
            factor = Vector512.Create(*(float*)(row9 + rowBytes));
            sum10Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum10Left);
            sum10Right = Vector512.FusedMultiplyAdd(factor, bRight, sum10Right);
            factor = Vector512.Create(*(float*)(row9 + 2 * rowBytes));
            sum11Left = Vector512.FusedMultiplyAdd(factor, bLeft, sum11Left);
            sum11Right = Vector512.FusedMultiplyAdd(factor, bRight, sum11Right);
            b += bStride;
            row0 += stepBytes;
            row3 += stepBytes;
            row6 += stepBytes;
            row9 += stepBytes;
        }

        float* c = store.C;
        nint stride = store.Stride;
        if (store.IsPlain)
        {
            sum0Left.Store(c);
            sum0Right.Store(c + 16);
            sum1Left.Store(c + stride);
            sum1Right.Store(c + stride + 16);
            sum2Left.Store(c + (2 * stride));
            sum2Right.Store(c + (2 * stride) + 16);
            sum3Left.Store(c + (3 * stride));
            sum3Right.Store(c + (3 * stride) + 16);
            sum4Left.Store(c + (4 * stride));
            sum4Right.Store(c + (4 * stride) + 16);
            sum5Left.Store(c + (5 * stride));
            sum5Right.Store(c + (5 * stride) + 16);
            sum6Left.Store(c + (6 * stride));
            sum6Right.Store(c + (6 * stride) + 16);
            sum7Left.Store(c + (7 * stride));
            sum7Right.Store(c + (7 * stride) + 16);
            sum8Left.Store(c + (8 * stride));
            sum8Right.Store(c + (8 * stride) + 16);
            sum9Left.Store(c + (9 * stride));
            sum9Right.Store(c + (9 * stride) + 16);
            sum10Left.Store(c + (10 * stride));
            sum10Right.Store(c + (10 * stride) + 16);
            sum11Left.Store(c + (11 * stride));
            sum11Right.Store(c + (11 * stride) + 16);
        }
        else
        {
            store.Add(0, 0, sum0Left);
            store.Add(0, 16, sum0Right);
            store.Add(1, 0, sum1Left);
            store.Add(1, 16, sum1Right);
            store.Add(2, 0, sum2Left);
            store.Add(2, 16, sum2Right);
            store.Add(3, 0, sum3Left);
            store.Add(3, 16, sum3Right);
            store.Add(4, 0, sum4Left);
            store.Add(4, 16, sum4Right);
            store.Add(5, 0, sum5Left);
            store.Add(5, 16, sum5Right);
            store.Add(6, 0, sum6Left);
            store.Add(6, 16, sum6Right);
            store.Add(7, 0, sum7Left);
            store.Add(7, 16, sum7Right);
            store.Add(8, 0, sum8Left);
            store.Add(8, 16, sum8Right);
            store.Add(9, 0, sum9Left);
            store.Add(9, 16, sum9Right);
            store.Add(10, 0, sum10Left);
            store.Add(10, 16, sum10Right);
            store.Add(11, 0, sum11Left);
            store.Add(11, 16, sum11Right);
        }
    }

    /// <summary>A tile of 12 × 16, for the last 16 columns or fewer: half the time of a whole tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile12x16(int depth, float* a, nint rowBytes, nint stepBytes, float* b, nint bStride, in TileStore store)
    {
        Vector512<float> sum0 = default;
        Vector512<float> sum1 = default;
        Vector512<float> sum2 = default;
        Vector512<float> sum3 = default;
        Vector512<float> sum4 = default;
        Vector512<float> sum5 = default;
        Vector512<float> sum6 = default;
        Vector512<float> sum7 = default;
        Vector512<float> sum8 = default;
        Vector512<float> sum9 = default;
        Vector512<float> sum10 = default;
        Vector512<float> sum11 = default;
        byte* row0 = (byte*)a;
        byte* row3 = row0 + (3 * rowBytes);
        byte* row6 = row3 + (3 * rowBytes);
        byte* row9 = row6 + (3 * rowBytes);
        for (; depth > 0; depth--)
        {
            Vector512<float> bRow = Vector512.Load(b);
            Vector512<float> factor = Vector512.Create(*(float*)(row0));
            sum0 = Vector512.FusedMultiplyAdd(factor, bRow, sum0);
            factor = Vector512.Create(*(float*)(row0 + rowBytes));
            sum1 = Vector512.FusedMultiplyAdd(factor, bRow, sum1);
            factor = Vector512.Create(*(float*)(row0 + 2 * rowBytes));
            sum2 = Vector512.FusedMultiplyAdd(factor, bRow, sum2);
            factor = Vector512.Create(*(float*)(row3));
            sum3 = Vector512.FusedMultiplyAdd(factor, bRow, sum3);
            factor = Vector512.Create(*(float*)(row3 + rowBytes));
            sum4 = Vector512.FusedMultiplyAdd(factor, bRow, sum4);
            factor = Vector512.Create(*(float*)(row3 + 2 * rowBytes));
            sum5 = Vector512.FusedMultiplyAdd(factor, bRow, sum5);
            factor = Vector512.Create(*(float*)(row6));
            sum6 = Vector512.FusedMultiplyAdd(factor, bRow, sum6);
            factor = Vector512.Create(*(float*)(row6 + rowBytes));
            sum7 = Vector512.FusedMultiplyAdd(factor, bRow, sum7);
            factor = Vector512.Create(*(float*)(row6 + 2 * rowBytes));
            sum8 = Vector512.FusedMultiplyAdd(factor, bRow, sum8);
            factor = Vector512.Create(*(float*)(row9));
            sum9 = Vector512.FusedMultiplyAdd(factor, bRow, sum9);
            factor = Vector512.Create(*(float*)(row9 + rowBytes));
            sum10 = Vector512.FusedMultiplyAdd(factor, bRow, sum10);
            factor = Vector512.Create(*(float*)(row9 + 2 * rowBytes));
            sum11 = Vector512.FusedMultiplyAdd(factor, bRow, sum11);
            b += bStride;
            row0 += stepBytes;
            row3 += stepBytes;
            row6 += stepBytes;
            row9 += stepBytes;
        }

        float* c = store.C;
        nint stride = store.Stride;
        if (store.IsPlain)
        {
            sum0.Store(c);
            sum1.Store(c + stride);
            sum2.Store(c + (2 * stride));
            sum3.Store(c + (3 * stride));
            sum4.Store(c + (4 * stride));
            sum5.Store(c + (5 * stride));
            sum6.Store(c + (6 * stride));
            sum7.Store(c + (7 * stride));
            sum8.Store(c + (8 * stride));
            sum9.Store(c + (9 * stride));
            sum10.Store(c + (10 * stride));
            sum11.Store(c + (11 * stride));
        }
        else
        {
            store.Add(0, 0, sum0);
            store.Add(1, 0, sum1);
            store.Add(2, 0, sum2);
            store.Add(3, 0, sum3);
            store.Add(4, 0, sum4);
            store.Add(5, 0, sum5);
            store.Add(6, 0, sum6);
            store.Add(7, 0, sum7);
            store.Add(8, 0, sum8);
            store.Add(9, 0, sum9);
            store.Add(10, 0, sum10);
            store.Add(11, 0, sum11);
        }
    }
}
