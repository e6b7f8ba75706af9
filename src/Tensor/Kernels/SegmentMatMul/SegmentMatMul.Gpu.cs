using ILGPU;

namespace TinyLM;

public static partial class SegmentMatMul
{
    private const int Tile = 16;

    /// <summary>One more than the tile's size, so that a column falls into different banks.</summary>
    private const int TileStride = Tile + 1;

    private static readonly GpuKernel ProductGpu = new(ProductKernel);

    private static void RunOnGpu(GpuDevice device, Part part, Tensor x, Tensor w, Tensor y, DocumentOffsets offsets, bool accumulate)
    {
        int rows = part == Part.WeightGradient ? y.Columns : offsets.LongestDocument;
        int columns = part == Part.Forward ? y.Columns : x.Columns;
        int rowTiles = (rows + Tile - 1) / Tile, columnTiles = (columns + Tile - 1) / Tile;
        device.Launch(ProductGpu, checked(rowTiles * columnTiles * offsets.DocumentCount), Tile, 1, Tile)
            .With((int)part).With(x).With(w).With(y).With(device.DocumentStarts(offsets)).With(x.Columns).With(y.Columns).With(rowTiles).With(columnTiles).With(accumulate ? 1 : 0).Run();
    }

    /// <summary>
    /// A tile of 16 × 16 of a document's result a block, through shared memory. Each of the three products is Σ over s of left(i, s) · right(j, s);
    /// they differ in which tensor each factor is and along which of its axes s runs.
    /// </summary>
    private static void ProductKernel(
        int part,
        ArrayView<float> x,
        ArrayView<float> w,
        ArrayView<float> y,
        ArrayView<int> starts,
        int inputs,
        int outputs,
        int rowTiles,
        int columnTiles,
        int accumulate)
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Tile * TileStride);
        ArrayView<float> right = SharedMemory.Allocate<float>(Tile * TileStride);
        int tile = Grid.IdxX % (rowTiles * columnTiles), document = Grid.IdxX / (rowTiles * columnTiles), start = starts[document], length = starts[document + 1] - start;
        bool isForward = part == (int)Part.Forward, isWeight = part == (int)Part.WeightGradient;
        int rows = isWeight ? outputs : length, columns = isForward ? outputs : inputs, depth = isForward ? inputs : isWeight ? length : outputs;
        int firstRow = tile / columnTiles * Tile, firstColumn = tile % columnTiles * Tile;
        if (firstRow >= rows)
        {
            return;
        }

        long weights = (long)document * outputs * inputs, inputStart = (long)start * inputs, outputStart = (long)start * outputs;
        int threadX = Group.IdxX, threadY = Group.IdxY;
        float sum = 0;
        for (int first = 0; first < depth; first += Tile)
        {
            // Thread (x, y) loads element (line y, step x) of each factor, or, where lines are next to each other in memory, (line x, step y).
            int leftLine = firstRow + (isWeight ? threadX : threadY), leftStep = first + (isWeight ? threadY : threadX);
            int rightLine = firstColumn + (isForward ? threadY : threadX), rightStep = first + (isForward ? threadX : threadY);
            float leftValue = 0f, rightValue = 0f;
            if (leftLine < rows && leftStep < depth)
            {
                leftValue = isForward ? x[inputStart + (long)leftLine * inputs + leftStep]
                    : isWeight ? y[outputStart + (long)leftStep * outputs + leftLine]
                    : y[outputStart + (long)leftLine * outputs + leftStep];
            }

            if (rightLine < columns && rightStep < depth)
            {
                rightValue = isForward ? w[weights + (long)rightLine * inputs + rightStep]
                    : isWeight ? x[inputStart + (long)rightStep * inputs + rightLine]
                    : w[weights + (long)rightStep * inputs + rightLine];
            }

            left[(leftStep - first) * TileStride + leftLine - firstRow] = leftValue;
            right[(rightStep - first) * TileStride + rightLine - firstColumn] = rightValue;
            Group.Barrier();
            for (int step = 0; step < Tile; step++)
            {
                sum = PtxIntrinsics.FusedMultiplyAdd(left[step * TileStride + threadY], right[step * TileStride + threadX], sum);
            }

            Group.Barrier();
        }

        int row = firstRow + threadY, column = firstColumn + threadX;
        if (row >= rows || column >= columns)
        {
            return;
        }

        if (isForward)
        {
            Store(y, outputStart + (long)row * outputs + column, sum, accumulate);
        }
        else if (isWeight)
        {
            Store(w, weights + (long)row * inputs + column, sum, accumulate);
        }
        else
        {
            Store(x, inputStart + (long)row * inputs + column, sum, accumulate);
        }
    }

    private static void Store(ArrayView<float> target, long index, float sum, int accumulate) =>
        target[index] = accumulate != 0 ? target[index] + sum : sum;
}
