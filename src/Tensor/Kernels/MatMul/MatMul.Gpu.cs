using ILGPU;

namespace TinyLM;

public static partial class MatMul
{
    private const int Tile = 64;
    private const int TileDepth = 16;
    private const int TileThreads = 16;

    /// <summary>One more than the tile's size, so that a column falls into 16 different banks.</summary>
    private const int TileStride = Tile + 1;

    private static void MultiplyOnGpu<TOp>(
        GpuDevice device, Tensor a, bool transposeA, in Factor b, bool transposeB, Tensor c, bool accumulate, Tensor bias, Tensor residual, Tensor sums, TOp op)
        where TOp : unmanaged, IUnaryOp
    {
        GpuKernel kernel = b.IsRounded ? TileProduct<TOp>.OfBFloat16 : TileProduct<TOp>.OfSingle;
        KernelLaunch launch = device
            .Launch(kernel, (c.Columns + Tile - 1) / Tile, TileThreads, (c.Rows + Tile - 1) / Tile, TileThreads)
            .WithStruct(op)
            .With(a);
        (b.IsRounded ? launch.With(b.Rounded) : launch.With(b.Single))
            .With(c)
            .With(sums)
            .With(bias)
            .With(residual)
            .With(c.Rows)
            .With(c.Columns)
            .With(transposeA ? a.Rows : a.Columns)
            .With(transposeA ? 1 : 0)
            .With(transposeB ? 1 : 0)
            .With(accumulate ? 1 : 0)
            .Run();
    }

    /// <summary>The product with a formula on its way out; <see cref="Identity"/>: the plain product.</summary>
    private static class TileProduct<TOp>
        where TOp : unmanaged, IUnaryOp
    {
        public static readonly GpuKernel OfSingle = new(Kernel<float, Float32Element>);
        public static readonly GpuKernel OfBFloat16 = new(Kernel<ushort, BFloat16Element>);

        /// <summary>
        /// A tile of 64 × 64 of c a block, through shared memory, 16 steps of the inner size at a time. Thread (x, y) sums rows
        /// y + 16·r and columns x + 16·s: so a warp reads shared memory without conflicts and writes c in whole sectors.
        /// </summary>
        private static void Kernel<T, TElement>(
            TOp op,
            ArrayView<float> a,
            ArrayView<T> b,
            ArrayView<float> c,
            ArrayView<float> sums,
            ArrayView<float> bias,
            ArrayView<float> residual,
            int rows,
            int columns,
            int depth,
            int transposeA,
            int transposeB,
            int accumulate)
            where T : unmanaged
            where TElement : unmanaged, IElement<T>
        {
            ArrayView<float> tileA = SharedMemory.Allocate<float>(TileDepth * TileStride);
            ArrayView<float> tileB = SharedMemory.Allocate<float>(TileDepth * TileStride);
            int x = Group.IdxX;
            int y = Group.IdxY;
            int firstRow = Grid.IdxY * Tile;
            int firstColumn = Grid.IdxX * Tile;

            // ILGPU unrolls no loop, and an array indexed by one would lie in slow local memory: hence sixteen locals.
            float sum00 = 0, sum01 = 0, sum02 = 0, sum03 = 0;
            float sum10 = 0, sum11 = 0, sum12 = 0, sum13 = 0;
            float sum20 = 0, sum21 = 0, sum22 = 0, sum23 = 0;
            float sum30 = 0, sum31 = 0, sum32 = 0, sum33 = 0;
            for (int start = 0; start < depth; start += TileDepth)
            {
                LoadTile<float, Float32Element>(a, tileA, firstRow, rows, start, depth, transposeA == 0);
                LoadTile<T, TElement>(b, tileB, firstColumn, columns, start, depth, transposeB != 0);
                Group.Barrier();
                for (int step = 0; step < TileDepth; step++)
                {
                    int left = (step * TileStride) + y;
                    int right = (step * TileStride) + x;
                    float b0 = tileB[right];
                    float b1 = tileB[right + 16];
                    float b2 = tileB[right + 32];
                    float b3 = tileB[right + 48];
                    float factor = tileA[left];
                    sum00 = PtxIntrinsics.FusedMultiplyAdd(factor, b0, sum00);
                    sum01 = PtxIntrinsics.FusedMultiplyAdd(factor, b1, sum01);
                    sum02 = PtxIntrinsics.FusedMultiplyAdd(factor, b2, sum02);
                    sum03 = PtxIntrinsics.FusedMultiplyAdd(factor, b3, sum03);
                    factor = tileA[left + 16];
                    sum10 = PtxIntrinsics.FusedMultiplyAdd(factor, b0, sum10);
                    sum11 = PtxIntrinsics.FusedMultiplyAdd(factor, b1, sum11);
                    sum12 = PtxIntrinsics.FusedMultiplyAdd(factor, b2, sum12);
                    sum13 = PtxIntrinsics.FusedMultiplyAdd(factor, b3, sum13);
                    factor = tileA[left + 32];
                    sum20 = PtxIntrinsics.FusedMultiplyAdd(factor, b0, sum20);
                    sum21 = PtxIntrinsics.FusedMultiplyAdd(factor, b1, sum21);
                    sum22 = PtxIntrinsics.FusedMultiplyAdd(factor, b2, sum22);
                    sum23 = PtxIntrinsics.FusedMultiplyAdd(factor, b3, sum23);
                    factor = tileA[left + 48];
                    sum30 = PtxIntrinsics.FusedMultiplyAdd(factor, b0, sum30);
                    sum31 = PtxIntrinsics.FusedMultiplyAdd(factor, b1, sum31);
                    sum32 = PtxIntrinsics.FusedMultiplyAdd(factor, b2, sum32);
                    sum33 = PtxIntrinsics.FusedMultiplyAdd(factor, b3, sum33);
                }

                Group.Barrier();
            }

            int row = firstRow + y;
            int column = firstColumn + x;
            StoreRow(op, c, sums, bias, residual, row, column, rows, columns, accumulate, sum00, sum01, sum02, sum03);
            StoreRow(op, c, sums, bias, residual, row + 16, column, rows, columns, accumulate, sum10, sum11, sum12, sum13);
            StoreRow(op, c, sums, bias, residual, row + 32, column, rows, columns, accumulate, sum20, sum21, sum22, sum23);
            StoreRow(op, c, sums, bias, residual, row + 48, column, rows, columns, accumulate, sum30, sum31, sum32, sum33);
        }
    }

    /// <summary>
    /// 64 lines (rows of op(a), columns of op(b)) × 16 steps, zeros outside. Neighbouring threads read neighbouring addresses,
    /// which lie along the inner size or across it. Elements are widened to float32 on the way.
    /// </summary>
    private static void LoadTile<T, TElement>(
        ArrayView<T> source, ArrayView<float> tile, int firstLine, int lines, int start, int depth, bool alongDepth)
        where T : unmanaged
        where TElement : unmanaged, IElement<T>
    {
        int thread = (Group.IdxY * TileThreads) + Group.IdxX;
        for (int i = thread; i < Tile * TileDepth; i += TileThreads * TileThreads)
        {
            int line = alongDepth ? i / TileDepth : i % Tile;
            int step = alongDepth ? i % TileDepth : i / Tile;
            int sourceLine = firstLine + line;
            int sourceStep = start + step;
            float value = 0;
            if (sourceLine < lines && sourceStep < depth)
            {
                value = default(TElement).Widen(source[alongDepth ? ((long)sourceLine * depth) + sourceStep : ((long)sourceStep * lines) + sourceLine]);
            }

            tile[(step * TileStride) + line] = value;
        }
    }

    private static void StoreRow<TOp>(
        TOp op,
        ArrayView<float> c,
        ArrayView<float> sums,
        ArrayView<float> bias,
        ArrayView<float> residual,
        int row,
        int column,
        int rows,
        int columns,
        int accumulate,
        float sum0,
        float sum1,
        float sum2,
        float sum3)
        where TOp : unmanaged, IUnaryOp
    {
        if (row < rows)
        {
            Store(op, c, sums, bias, residual, row, column, columns, accumulate, sum0);
            Store(op, c, sums, bias, residual, row, column + 16, columns, accumulate, sum1);
            Store(op, c, sums, bias, residual, row, column + 32, columns, accumulate, sum2);
            Store(op, c, sums, bias, residual, row, column + 48, columns, accumulate, sum3);
        }
    }

    private static void Store<TOp>(
        TOp op,
        ArrayView<float> c,
        ArrayView<float> sums,
        ArrayView<float> bias,
        ArrayView<float> residual,
        int row,
        int column,
        int columns,
        int accumulate,
        float sum)
        where TOp : unmanaged, IUnaryOp
    {
        if (column >= columns)
        {
            return;
        }

        long index = ((long)row * columns) + column;
        if (accumulate != 0)
        {
            sum += c[index];
        }

        if (bias.Length > 0)
        {
            sum += bias[column];
        }

        if (residual.Length > 0)
        {
            sum += residual[index];
        }

        if (sums.Length > 0)
        {
            sums[index] = sum;
        }

        c[index] = op.Apply(new ScalarLane(sum)).Value;
    }
}
