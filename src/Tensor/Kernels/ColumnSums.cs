using System.Runtime.CompilerServices;
using ILGPU;

namespace TinyLM;

/// <summary>
/// Sums over the rows of a matrix, a column at a time, as the gradients of gains and biases need them. Rows are cut into chunks of
/// <see cref="ChunkRows"/> whose sums are added in order, so the result depends neither on threads nor on the device's timing.
/// </summary>
public static unsafe class ColumnSums
{
    internal const int ChunkRows = 64;
    private static readonly GpuKernel ChunksGpu = new(ChunksKernel);
    private static readonly GpuKernel AddChunksGpu = new(AddChunksKernel);

    /// <summary>y [1, columns] = (or +=) the sum of x [rows, columns] over its rows: the gradient of a bias.</summary>
    public static void Forward(Tensor x, Tensor y, bool accumulate)
    {
        Shapes.Check(nameof(ColumnSums), nameof(y), y, 1, x.Columns);
        int chunks = ChunkCount(x.Rows);
        switch (x.Device)
        {
            case CpuDevice cpu:
                float* partial = cpu.SharedScratch((long)chunks * x.Columns + VectorLane.Width);
                cpu.For(chunks, new ChunksBody(x, partial));
                AddChunks(partial, chunks, x.Columns, y.Pointer, accumulate);
                break;
            case GpuDevice gpu:
                Tensor sums = gpu.Temporary(chunks, x.Columns);
                gpu.Launch(ChunksGpu, (x.Columns + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize, GpuReduction.WarpSize, chunks)
                    .With(x).With(sums).With(x.Rows).With(x.Columns).Run();
                AddChunks(gpu, sums, y, accumulate);
                break;
        }
    }

    internal static int ChunkCount(int rows) => (rows + ChunkRows - 1) / ChunkRows;

    /// <summary>target [1, columns] = (or +=) the sum of partial [chunks, columns] over its rows. CPU.</summary>
    internal static void AddChunks(float* partial, int chunks, int columns, float* target, bool accumulate)
    {
        for (int column = 0; column < columns; column += VectorLane.Width)
        {
            int count = Math.Min(VectorLane.Width, columns - column);
            VectorLane sum = accumulate ? VectorLane.Load(target + column) : VectorLane.Constant(0);
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                sum += VectorLane.Load(partial + (long)chunk * columns + column);
            }

            sum.StoreFirst(target + column, count);
        }
    }

    /// <inheritdoc cref="AddChunks(float*, int, int, float*, bool)"/>
    internal static void AddChunks(GpuDevice gpu, Tensor partial, Tensor target, bool accumulate) =>
        gpu.Launch(AddChunksGpu, (partial.Columns + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize, GpuReduction.WarpSize)
            .With(partial).With(partial.Rows).With(partial.Columns).With(target).With(accumulate ? 1 : 0).Run();

    private readonly struct ChunksBody(Tensor x, float* partial) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _partial = partial;
        private readonly int _rows = x.Rows, _columns = x.Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long chunk = start; chunk < end; chunk++)
            {
                float* sums = _partial + chunk * _columns;
                new Span<float>(sums, _columns).Clear();
                long last = Math.Min(_rows, (chunk + 1) * ChunkRows);
                for (long row = chunk * ChunkRows; row < last; row++)
                {
                    float* x = _x + row * _columns;
                    for (int column = 0; column < _columns; column += VectorLane.Width)
                    {
                        (VectorLane.Load(sums + column) + VectorLane.Load(x + column)).StoreFirst(sums + column, _columns - column);
                    }
                }
            }
        }
    }

    private static void ChunksKernel(ArrayView<float> x, ArrayView<float> partial, int rows, int columns)
    {
        int column = Grid.IdxX * GpuReduction.WarpSize + Group.IdxX, chunk = Grid.IdxY;
        if (column >= columns)
        {
            return;
        }

        int last = (chunk + 1) * ChunkRows < rows ? (chunk + 1) * ChunkRows : rows;
        float sum = 0;
        for (int row = chunk * ChunkRows; row < last; row++)
        {
            sum += x[row * columns + column];
        }

        partial[chunk * columns + column] = sum;
    }

    private static void AddChunksKernel(ArrayView<float> partial, int chunks, int columns, ArrayView<float> target, int accumulate)
    {
        int column = Grid.IdxX * GpuReduction.WarpSize + Group.IdxX;
        if (column < columns)
        {
            float sum = accumulate != 0 ? target[column] : 0;
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                sum += partial[chunk * columns + column];
            }

            target[column] = sum;
        }
    }
}
