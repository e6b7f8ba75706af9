using System.Runtime.Intrinsics;

namespace TinyLM;

public static unsafe partial class MatMul
{
    /// <summary>Up to this many rows (generation) the factor b is read once, unpacked.</summary>
    public const int FewRows = 4;

    /// <summary>Up to this many columns (an adapter's rank) a tile of the blocked product would be mostly empty.</summary>
    private const int FewColumns = 8;

    /// <summary>Multiply-adds that are done before another thread has been called.</summary>
    internal const long SmallProduct = 1 << 17;

    // A block of b fits the second-level cache, half a panel of a the first. Where a is packed, longer sums save passes over c.
    // The depth of a block decides the order of the sum, so it depends on the inner size and on the processor's vectors, and on nothing else. On AVX2's smaller tile,
    // half a panel of b has to stay in the first-level cache beside a.
    private const int DepthBlock = 512;
    private static int DepthBlockPacked => Vector512.IsHardwareAccelerated ? 1024 : 384;
    private const int BlockBytes = 768 << 10;
    private const int BlockBytesPacked = 1600 << 10;

    /// <summary>Up to this size b is read where it lies.</summary>
    private const int InPlaceBytes = 768 << 10;

    /// <summary>Up to this many rows of a as well: a copy of b would cost more than it saves.</summary>
    private const int InPlaceRows = 96;

    private static void MultiplyOnCpu<TOp>(
        CpuDevice device, Tensor a, bool transposeA, in Factor b, bool transposeB, Tensor c, bool accumulate, Tensor bias, Tensor residual, Tensor sums, TOp op)
        where TOp : unmanaged, IUnaryOp
    {
        var (rows, depth) = transposeA ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        TileActivation activation = typeof(TOp) == typeof(Identity) && sums.IsNone ? default : TileActivation.Of(&op, c);
        Tensor product = sums.IsNone ? c : sums;
        MultiplyOnCpu(
            device,
            new Product(rows, c.Columns, depth, a, transposeA, b.Single, transposeB, product, accumulate, bias, residual, b.Rounded, activation));
    }

    private static void MultiplyOnCpu(CpuDevice device, in Product product)
    {
        bool small = (long)product.Rows * product.Columns * product.Depth < SmallProduct;
        Multiply(device, product, small ? 1 : device.Team.Count, alone: null);
    }

    /// <summary>The product on the thread of one worker of a running job, in that worker's own scratch; the same bits as with the whole team.</summary>
    internal static void MultiplyAlone(CpuDevice device, int worker, in Product product) => Multiply(device, product, workers: 1, alone: worker);

    /// <param name="device">Whose team and scratch.</param>
    /// <param name="product">What to compute.</param>
    /// <param name="workers">How many share it.</param>
    /// <param name="alone">The worker of a running job whose thread this is; null outside of jobs.</param>
    private static void Multiply(CpuDevice device, in Product product, int workers, int? alone)
    {
        if (FewRowsJob.Fits(product))
        {
            Run(device, workers, new FewRowsJob(product, workers));
        }
        else if (FewColumnsJob.Fits(product))
        {
            Run(device, workers, new FewColumnsJob(product, workers));
        }
        else
        {
            BlockedJob job = alone is { } worker ? BlockedJob.PlanAlone(device, product, worker) : BlockedJob.Plan(device, product, workers);
            if (workers == 1)
            {
                for (int phase = 0; phase < job.Phases; phase++)
                {
                    job.Run(0, phase);
                }
            }
            else
            {
                device.Team.RunPhases(job);
            }
        }
    }

    private static void Run<TJob>(CpuDevice device, int workers, TJob job)
        where TJob : struct, IWorkerJob
    {
        if (workers == 1)
        {
            job.Run(0);
        }
        else
        {
            device.Team.Run(job);
        }
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private static int Blocks(int value, int size) => Math.Max(1, (value + size - 1) / size);

    /// <summary>The operands as the CPU's kernels read them: pointers to contiguous rows.</summary>
    internal readonly struct Product(
        int rows,
        int columns,
        int depth,
        Tensor a,
        bool transposeA,
        Tensor b,
        bool transposeB,
        Tensor c,
        bool accumulate,
        Tensor bias,
        Tensor residual,
        BFloat16Tensor narrowB = default,
        TileActivation activation = default)
    {
        public readonly int Rows = rows;
        public readonly int Columns = columns;
        public readonly int Depth = depth;
        public readonly float* A = a.Pointer;
        public readonly float* B = b.Pointer;

        /// <summary>b in bfloat16, where it is not <see cref="B"/>.</summary>
        public readonly ushort* NarrowB = narrowB.Pointer;
        public readonly float* C = c.Pointer;
        public readonly float* Bias = bias.Pointer;
        public readonly float* Residual = residual.Pointer;
        public readonly bool TransposeA = transposeA;
        public readonly bool TransposeB = transposeB;
        public readonly bool Accumulate = accumulate;
        private readonly TileActivation _activation = activation;

        /// <summary>Whether c is written past the caches where it is written once and not read again by the product.</summary>
        private readonly bool _streams = !accumulate && activation.IsNone && columns % VectorLane.Width == 0 && Streaming.Pays(c);

        public int AStride => TransposeA ? Rows : Depth;

        public int BStride => TransposeB ? Depth : Columns;

        /// <summary>The store of the tile at (row, column); bias and residual join the first block of the sum.</summary>
        public TileStore Store(long row, int column, bool first, bool last) => new()
        {
            C = C + (row * Columns) + column,
            Stride = Columns,
            Accumulate = Accumulate || !first,
            Streams = _streams && first && last,
            Bias = first && Bias != null ? Bias + column : null,
            Residual = first && Residual != null ? Residual + (row * Columns) + column : null,
        };

        /// <summary>Applies the activation, if there is one, to a part of c that holds its whole sums.</summary>
        public void Activate(long row, int column, int rows, int columns)
        {
            if (!_activation.IsNone)
            {
                _activation.Run(C, (row * Columns) + column, Columns, rows, columns);
            }
        }
    }
}
