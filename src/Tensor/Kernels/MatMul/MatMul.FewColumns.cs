using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TinyLM;

public static unsafe partial class MatMul
{
    /// <summary>
    /// Many rows times the few rows of a transposed b, as in an adapter of low rank: a tile of sixteen columns would be empty for the most part, so the vectors run along
    /// the rows of both instead, sixteen dot products at a time. Each worker takes whole rows of c.
    /// </summary>
    private readonly struct FewColumnsJob(Product product, int workers) : IWorkerJob
    {
        /// <summary>Rows of a, and of b, that are multiplied with one another at a time.</summary>
        private const int Tile = 4;
        private const int Lanes = 16;

        private readonly Product _product = product;

        /// <summary>The sums of a tile fill the registers of AVX-512; those of AVX2 are too few, and a tile that is mostly empty is quicker.</summary>
        public static bool Fits(in Product product) =>
            Vector512.IsHardwareAccelerated && product.TransposeB && !product.TransposeA && product.Columns <= FewColumns && product.Depth >= Lanes;

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
            int units = Blocks(_product.Rows, Tile);
            int first = (int)((long)units * worker / workers) * Tile;
            int last = Math.Min((int)((long)units * (worker + 1) / workers) * Tile, _product.Rows);
            float* tile = stackalloc float[Tile * Tile];
            for (int row = first; row < last; row += Tile)
            {
                int rows = Math.Min(Tile, last - row);
                for (int column = 0; column < _product.Columns; column += Tile)
                {
                    int columns = Math.Min(Tile, _product.Columns - column);
                    Dots(_product.A + (long)row * _product.Depth, rows, b + (long)column * _product.Depth, columns, _product.Depth, tile);
                    _product.Store(row, column, first: true, last: true).AddPart(tile, Tile, rows, columns);
                }

                _product.Activate(row, 0, rows, _product.Columns);
            }
        }

        /// <summary>Four rows of a times four of b; the last one stands in for those that are missing.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static void Dots<T>(float* a, int rows, T* b, int columns, int depth, float* tile)
            where T : unmanaged
        {
            float* a1 = a + Math.Min(1, rows - 1) * (nint)depth, a2 = a + Math.Min(2, rows - 1) * (nint)depth, a3 = a + Math.Min(3, rows - 1) * (nint)depth;
            T* b1 = b + Math.Min(1, columns - 1) * (nint)depth, b2 = b + Math.Min(2, columns - 1) * (nint)depth, b3 = b + Math.Min(3, columns - 1) * (nint)depth;
            Vector512<float> sum00 = default, sum01 = default, sum02 = default, sum03 = default;
            Vector512<float> sum10 = default, sum11 = default, sum12 = default, sum13 = default;
            Vector512<float> sum20 = default, sum21 = default, sum22 = default, sum23 = default;
            Vector512<float> sum30 = default, sum31 = default, sum32 = default, sum33 = default;
            for (int p = 0; p < depth; p += Lanes)
            {
                // The last step begins early; what was already added is masked out.
                int start = Math.Min(p, depth - Lanes);
                Vector512<float> mask = Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create(p - start)).AsSingle();
                Vector512<float> row0 = Vector512.Load(a + start) & mask, row1 = Vector512.Load(a1 + start) & mask;
                Vector512<float> row2 = Vector512.Load(a2 + start) & mask, row3 = Vector512.Load(a3 + start) & mask;
                Vector512<float> factor = Elements.Load(b + start) & mask;
                sum00 = Vector512.FusedMultiplyAdd(row0, factor, sum00);
                sum10 = Vector512.FusedMultiplyAdd(row1, factor, sum10);
                sum20 = Vector512.FusedMultiplyAdd(row2, factor, sum20);
                sum30 = Vector512.FusedMultiplyAdd(row3, factor, sum30);
                factor = Elements.Load(b1 + start) & mask;
                sum01 = Vector512.FusedMultiplyAdd(row0, factor, sum01);
                sum11 = Vector512.FusedMultiplyAdd(row1, factor, sum11);
                sum21 = Vector512.FusedMultiplyAdd(row2, factor, sum21);
                sum31 = Vector512.FusedMultiplyAdd(row3, factor, sum31);
                factor = Elements.Load(b2 + start) & mask;
                sum02 = Vector512.FusedMultiplyAdd(row0, factor, sum02);
                sum12 = Vector512.FusedMultiplyAdd(row1, factor, sum12);
                sum22 = Vector512.FusedMultiplyAdd(row2, factor, sum22);
                sum32 = Vector512.FusedMultiplyAdd(row3, factor, sum32);
                factor = Elements.Load(b3 + start) & mask;
                sum03 = Vector512.FusedMultiplyAdd(row0, factor, sum03);
                sum13 = Vector512.FusedMultiplyAdd(row1, factor, sum13);
                sum23 = Vector512.FusedMultiplyAdd(row2, factor, sum23);
                sum33 = Vector512.FusedMultiplyAdd(row3, factor, sum33);
            }

            Vector128.Create(Vector512.Sum(sum00), Vector512.Sum(sum01), Vector512.Sum(sum02), Vector512.Sum(sum03)).Store(tile);
            Vector128.Create(Vector512.Sum(sum10), Vector512.Sum(sum11), Vector512.Sum(sum12), Vector512.Sum(sum13)).Store(tile + Tile);
            Vector128.Create(Vector512.Sum(sum20), Vector512.Sum(sum21), Vector512.Sum(sum22), Vector512.Sum(sum23)).Store(tile + 2 * Tile);
            Vector128.Create(Vector512.Sum(sum30), Vector512.Sum(sum31), Vector512.Sum(sum32), Vector512.Sum(sum33)).Store(tile + 3 * Tile);
        }
    }
}
