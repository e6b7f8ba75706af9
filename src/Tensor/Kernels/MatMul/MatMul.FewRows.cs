using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TinyLM;

public static unsafe partial class MatMul
{
    /// <summary>
    /// A few rows times a whole matrix, as in generation: bound by reading b, so b is read once and never copied. Each worker
    /// takes whole columns of c.
    /// </summary>
    private readonly struct FewRowsJob(Product product, int workers) : IWorkerJob
    {
        private const int ColumnUnit = 64;
        private const int Lanes = 16;

        private readonly Product _product = product;

        public static bool Fits(in Product product) => product.Rows <= FewRows && !product.TransposeA;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(int worker)
        {
            if (_product.B != null)
            {
                Run(_product.B, worker);
            }
            else
            {
                Run(_product.NarrowB, worker);
            }
        }

        private void Run<T>(T* b, int worker)
            where T : unmanaged
        {
            int units = Blocks(_product.Columns, ColumnUnit);
            int first = (int)((long)units * worker / workers) * ColumnUnit;
            int last = Math.Min((int)((long)units * (worker + 1) / workers) * ColumnUnit, _product.Columns);
            if (_product.TransposeB)
            {
                for (int column = first; column < last; column++)
                {
                    for (int row = 0; row < _product.Rows; row++)
                    {
                        float sum = Dot(_product.A + ((long)row * _product.Depth), b + ((long)column * _product.Depth), _product.Depth);
                        _product.Store(row, column, first: true, last: true).AddPart(&sum, 1, 1, 1);
                    }
                }
            }
            else
            {
                float* tile = stackalloc float[ColumnUnit];
                for (int column = first; column < last; column += ColumnUnit)
                {
                    int columns = Math.Min(ColumnUnit, last - column);
                    for (int row = 0; row < _product.Rows; row++)
                    {
                        SumRows(_product.A + ((long)row * _product.Depth), b + column, columns, tile);
                        _product.Store(row, column, first: true, last: true).AddPart(tile, ColumnUnit, 1, columns);
                    }
                }
            }

            _product.Activate(0, first, _product.Rows, last - first);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static float Dot<T>(float* a, T* b, int depth)
            where T : unmanaged
        {
            Vector512<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            int p = 0;
            for (; p + (4 * Lanes) <= depth; p += 4 * Lanes)
            {
                sum0 = Vector512.FusedMultiplyAdd(Vector512.Load(a + p), Elements.Load(b + p), sum0);
                sum1 = Vector512.FusedMultiplyAdd(Vector512.Load(a + p + 16), Elements.Load(b + p + 16), sum1);
                sum2 = Vector512.FusedMultiplyAdd(Vector512.Load(a + p + 32), Elements.Load(b + p + 32), sum2);
                sum3 = Vector512.FusedMultiplyAdd(Vector512.Load(a + p + 48), Elements.Load(b + p + 48), sum3);
            }

            for (; p + Lanes <= depth; p += Lanes)
            {
                sum0 = Vector512.FusedMultiplyAdd(Vector512.Load(a + p), Elements.Load(b + p), sum0);
            }

            float sum = Vector512.Sum(sum0 + sum1 + (sum2 + sum3));
            for (; p < depth; p++)
            {
                sum = MathF.FusedMultiplyAdd(a[p], Elements.At(b + p), sum);
            }

            return sum;
        }

        /// <summary>The row times up to 64 columns of b.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void SumRows<T>(float* a, T* b, int columns, float* tile)
            where T : unmanaged
        {
            nint stride = _product.Columns;
            if (columns == ColumnUnit)
            {
                Vector512<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
                for (int p = 0; p < _product.Depth; p++, b += stride)
                {
                    Vector512<float> factor = Vector512.Create(a[p]);
                    sum0 = Vector512.FusedMultiplyAdd(factor, Elements.Load(b), sum0);
                    sum1 = Vector512.FusedMultiplyAdd(factor, Elements.Load(b + 16), sum1);
                    sum2 = Vector512.FusedMultiplyAdd(factor, Elements.Load(b + 32), sum2);
                    sum3 = Vector512.FusedMultiplyAdd(factor, Elements.Load(b + 48), sum3);
                }

                sum0.Store(tile);
                sum1.Store(tile + 16);
                sum2.Store(tile + 32);
                sum3.Store(tile + 48);
                return;
            }

            new Span<float>(tile, columns).Clear();
            for (int p = 0; p < _product.Depth; p++, b += stride)
            {
                for (int i = 0; i < columns; i++)
                {
                    tile[i] = MathF.FusedMultiplyAdd(a[p], Elements.At(b + i), tile[i]);
                }
            }
        }
    }
}
