using ILGPU;
using TinyLM;

namespace CustomOp;

public static partial class Distances
{
    private const int Tile = 16;

    /// <summary>One more than the tile's size, so that a column falls into different banks.</summary>
    private const int TileStride = Tile + 1;

    /// <summary>Centers that a warp takes at a time: the narrow side of a tensor core's product.</summary>
    private const int WarpCenters = 8;

    private static readonly GpuKernel Naive = new(NaiveKernel);
    private static readonly GpuKernel Tiled = new(TiledKernel);
    private static readonly GpuKernel TensorCore = new(TensorCoreKernel);

    private static void ForwardOnGpu(GpuDevice gpu, Tensor x, Tensor c, Tensor y, Rung rung)
    {
        int tilesDown = (x.Rows + Tile - 1) / Tile, tilesAcross = (c.Rows + Tile - 1) / Tile, stripsAcross = (c.Rows + WarpCenters - 1) / WarpCenters;
        KernelLaunch launch = rung switch
        {
            Rung.Naive => gpu.Launch(Naive, tilesAcross, Tile, tilesDown, Tile),
            Rung.Tiled => gpu.Launch(Tiled, tilesAcross, Tile, tilesDown, Tile),
            _ => gpu.Launch(TensorCore, stripsAcross, GpuReduction.WarpSize, tilesDown),
        };
        launch.With(x).With(c).With(y).With(x.Rows).With(c.Rows).With(x.Columns).Run();
    }

    private static void NaiveKernel(ArrayView<float> x, ArrayView<float> c, ArrayView<float> y, int rows, int centers, int columns)
    {
        int row = Grid.IdxY * Tile + Group.IdxY, center = Grid.IdxX * Tile + Group.IdxX;
        if (row >= rows || center >= centers)
        {
            return;
        }

        float sum = 0;
        for (int i = 0; i < columns; i++)
        {
            float difference = x[(long)row * columns + i] - c[(long)center * columns + i];
            sum += difference * difference;
        }

        y[(long)row * centers + center] = sum;
    }

    /// <summary>A block of 16 × 16 threads makes as many results, sixteen columns at a time; what lies outside is read as 0 on both sides.</summary>
    private static void TiledKernel(ArrayView<float> x, ArrayView<float> c, ArrayView<float> y, int rows, int centers, int columns)
    {
        ArrayView<float> tileX = SharedMemory.Allocate<float>(Tile * TileStride);
        ArrayView<float> tileC = SharedMemory.Allocate<float>(Tile * TileStride);
        int across = Group.IdxX, down = Group.IdxY, row = Grid.IdxY * Tile + down, firstCenter = Grid.IdxX * Tile;
        float sum = 0;
        for (int start = 0; start < columns; start += Tile)
        {
            tileX[down * TileStride + across] = Element(x, row, start + across, rows, columns);
            tileC[down * TileStride + across] = Element(c, firstCenter + down, start + across, centers, columns);
            Group.Barrier();
            for (int i = 0; i < Tile; i++)
            {
                float difference = tileX[down * TileStride + i] - tileC[across * TileStride + i];
                sum = PtxIntrinsics.FusedMultiplyAdd(difference, difference, sum);
            }

            Group.Barrier();
        }

        if (row < rows && firstCenter + across < centers)
        {
            y[(long)row * centers + firstCenter + across] = sum;
        }
    }

    /// <summary>
    /// A warp makes 16 × 8 results as |x|² + |c|² - 2·x·c, the products on the tensor cores. A lane holds rows g and g + 8 of x and row g of c, g being
    /// its number / 4, at the columns that its number % 4 tells; the norms are summed from the same rounded values, so that equal rows have distance 0.
    /// </summary>
    private static void TensorCoreKernel(ArrayView<float> x, ArrayView<float> c, ArrayView<float> y, int rows, int centers, int columns)
    {
        int lane = Group.IdxX, group = lane / 4, member = lane % 4;
        int row = Grid.IdxY * Tile + group, center = Grid.IdxX * WarpCenters + group;
        Accumulator4 products = default;
        float normUpper = 0, normLower = 0, normCenter = 0;
        for (int start = 0; start < columns; start += Tile)
        {
            int near = start + 2 * member, far = near + Tile / 2;
            var fragment = new Fragment4
            {
                A = Pair(x, row, near, rows, columns),
                B = Pair(x, row + Tile / 2, near, rows, columns),
                C = Pair(x, row, far, rows, columns),
                D = Pair(x, row + Tile / 2, far, rows, columns),
            };
            uint centerNear = Pair(c, center, near, centers, columns), centerFar = Pair(c, center, far, centers, columns);
            products = PtxIntrinsics.MultiplyBFloat16(fragment, centerNear, centerFar, products);
            normUpper += Squares(fragment.A) + Squares(fragment.C);
            normLower += Squares(fragment.B) + Squares(fragment.D);
            normCenter += Squares(centerNear) + Squares(centerFar);
        }

        normUpper = SumOfFour(normUpper);
        normLower = SumOfFour(normLower);
        normCenter = SumOfFour(normCenter);

        // The result's columns 2·member and 2·member + 1 belong to the centers whose norms lanes 8·member and 8·member + 4 hold.
        float normFirst = Warp.Shuffle(normCenter, 8 * member), normSecond = Warp.Shuffle(normCenter, 8 * member + 4);
        int first = Grid.IdxX * WarpCenters + 2 * member;
        Store(y, row, first, rows, centers, normUpper + normFirst - 2 * products.X);
        Store(y, row, first + 1, rows, centers, normUpper + normSecond - 2 * products.Y);
        Store(y, row + Tile / 2, first, rows, centers, normLower + normFirst - 2 * products.Z);
        Store(y, row + Tile / 2, first + 1, rows, centers, normLower + normSecond - 2 * products.W);
    }

    private static float Element(ArrayView<float> values, int row, int column, int rows, int columns) =>
        row < rows && column < columns ? values[(long)row * columns + column] : 0f;

    private static uint Pair(ArrayView<float> values, int row, int column, int rows, int columns) =>
        PtxIntrinsics.PackBFloat16(Element(values, row, column, rows, columns), Element(values, row, column + 1, rows, columns));

    private static float Squares(uint pair)
    {
        float low = Interop.IntAsFloat(pair << 16), high = Interop.IntAsFloat(pair & 0xFFFF0000);
        return low * low + high * high;
    }

    private static float SumOfFour(float value)
    {
        value += Warp.ShuffleXor(value, 1);
        return value + Warp.ShuffleXor(value, 2);
    }

    private static void Store(ArrayView<float> y, int row, int center, int rows, int centers, float value)
    {
        if (row < rows && center < centers)
        {
            y[(long)row * centers + center] = value;
        }
    }
}
