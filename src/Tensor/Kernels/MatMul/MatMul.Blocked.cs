using System.Runtime.CompilerServices;

namespace TinyLM;

public static unsafe partial class MatMul
{
    /// <summary>
    /// For each block of b: all workers pack it together, then each multiplies its share of the tiles, row by row of tiles, so that
    /// the block streams from the second-level cache past a panel of a. A wide b is dealt by columns instead, a block for each worker alone. A small
    /// b is read in place: its copy would push the operands themselves out of that cache, and the workers need not wait for each other.
    /// </summary>
    private readonly struct BlockedJob : IPhasedJob
    {
        /// <summary>Panels of a transposed a that are packed at once: 48 floats are three whole cache lines.</summary>
        private const int GroupPanels = 4;

        /// <summary>Rows this many bytes apart fall into the same sets of the first-level cache.</summary>
        private const int CollidingStride = 4096;

        private readonly CpuDevice _device;
        private readonly Product _product;
        private readonly int _workers;
        private readonly int _depthBlock;
        private readonly int _columnBlock;
        private readonly int _depthBlocks;
        private readonly int _blocks;
        private readonly float* _packed;
        private readonly long _packedSize;
        private readonly bool _inPlace;

        /// <summary>Whether each worker has columns of its own, which it packs for itself, and all rows; otherwise tiles of a block that all have packed.</summary>
        private readonly bool _byColumns;

        /// <summary>The worker whose scratch member 0 uses.</summary>
        private readonly int _firstWorker;

        private BlockedJob(CpuDevice device, in Product product, int workers, int firstWorker, bool byColumns, int depthBlock, int columnBlock)
        {
            (_device, _product, _workers, _firstWorker, _depthBlock, _columnBlock) = (device, product, workers, firstWorker, depthBlock, columnBlock);
            (_inPlace, _byColumns, _packedSize) = (IsReadInPlace(product), byColumns, (long)depthBlock * columnBlock);
            _depthBlocks = Blocks(product.Depth, depthBlock);
            _blocks = _depthBlocks * Blocks(product.Columns, columnBlock);
            _packed = SharesBlocks ? device.SharedScratch(_blocks > 1 ? 2 * _packedSize : _packedSize) : null;
        }

        /// <summary>What a worker needs for its rows of a and for a tile at an edge.</summary>
        private long TileScratch => Panels.GroupSize(_depthBlock, GroupPanels) + (MicroKernel.Rows * MicroKernel.Columns);

        /// <summary>In one, each worker multiplies with the block that was packed in the phase before, and packs its part of the next.</summary>
        public int Phases => SharesBlocks ? _blocks + 1 : 1;

        private bool SharesBlocks => !_inPlace && !_byColumns;

        /// <summary>Those that share a block.</summary>
        private int Sharers => _byColumns ? 1 : _workers;

        public static BlockedJob Plan(CpuDevice device, in Product product, int workers) =>
            Plan(device, product, workers, firstWorker: 0, byColumns: workers > 1 && IsDealtByColumns(product, workers));

        /// <summary>For one worker of a job that is already running.</summary>
        public static BlockedJob PlanAlone(CpuDevice device, in Product product, int worker) => Plan(device, product, workers: 1, worker, byColumns: true);

        private static BlockedJob Plan(CpuDevice device, in Product product, int workers, int firstWorker, bool byColumns)
        {
            int columns = byColumns ? Blocks(Blocks(product.Columns, MicroKernel.Columns), workers) * MicroKernel.Columns : product.Columns;
            int depthLimit = product.TransposeA ? DepthBlockPacked : DepthBlock;
            int depthBlocks = Blocks(product.Depth, depthLimit);
            int depthBlock = RoundUp((product.Depth + depthBlocks - 1) / depthBlocks, 16);
            depthBlock = Math.Max(16, depthBlock);
            int bytes = product.TransposeA ? BlockBytesPacked : BlockBytes;
            int columnLimit = Math.Max(MicroKernel.Columns, bytes / sizeof(float) / depthBlock / MicroKernel.Columns * MicroKernel.Columns);
            int columnBlocks = Blocks(columns, columnLimit);
            int columnBlock = RoundUp((columns + columnBlocks - 1) / columnBlocks, MicroKernel.Columns);
            return new BlockedJob(device, product, workers, firstWorker, byColumns, depthBlock, columnBlock);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(int worker, int phase)
        {
            float* scratch = _device.WorkerScratch(_firstWorker + worker, TileScratch + (_byColumns && !_inPlace ? _packedSize : 0));
            if (SharesBlocks)
            {
                if (phase > 0)
                {
                    MultiplyTiles(SharedBlock(phase - 1), worker, scratch);
                }

                if (phase < _blocks)
                {
                    Pack(SharedBlock(phase), worker);
                }
            }
            else
            {
                RunAlone(worker, scratch);
            }

            Streaming.Fence();
        }

        private void RunAlone(int worker, float* scratch)
        {
            int sharer = _byColumns ? 0 : worker;
            var (firstColumn, endColumn) = ColumnsOf(worker);
            int blocks = firstColumn < endColumn ? _depthBlocks * Blocks(endColumn - firstColumn, _columnBlock) : 0;
            for (int index = 0; index < blocks; index++)
            {
                Block block = BlockAt(index, firstColumn, endColumn);
                if (_inPlace)
                {
                    block.Elements = _product.B + ((long)block.Start * _product.Columns) + block.Column;
                    block.Stride = _product.Columns;
                }
                else
                {
                    block.Elements = scratch + TileScratch;
                    Pack(block, sharer);
                }

                MultiplyTiles(block, sharer, scratch);
            }
        }

        /// <summary>Two buffers in turn: one is read while the other is packed.</summary>
        private Block SharedBlock(int index) => BlockAt(index, 0, _product.Columns) with { Elements = _packed + ((index & 1) * _packedSize) };

        /// <summary>Blocks of the same columns follow one another.</summary>
        private Block BlockAt(int index, int firstColumn, int endColumn)
        {
            var (columnBlock, depthBlock) = Math.DivRem(index, _depthBlocks);
            int column = firstColumn + (columnBlock * _columnBlock), depth = depthBlock * _depthBlock;
            return new Block
            {
                Column = column,
                Columns = Math.Min(_columnBlock, endColumn - column),
                Start = depth,
                Depth = Math.Min(_depthBlock, _product.Depth - depth),
            };
        }

        /// <summary>
        /// Where a block serves few rows, fetching the part of it that another core has packed, and waiting for that, takes a good part of the time (of a
        /// vocabulary's product with 264 rows a quarter). A transposed a would have to be packed by each worker.
        /// </summary>
        private static bool IsDealtByColumns(in Product product, int workers)
        {
            int panels = Blocks(product.Columns, MicroKernel.Columns);
            bool isEven = panels % workers == 0 || panels >= 16 * workers;
            return !product.TransposeA && product.Columns >= product.Rows / 2 && isEven && !IsReadInPlace(product);
        }

        private (int First, int End) ColumnsOf(int worker)
        {
            long panels = Blocks(_product.Columns, MicroKernel.Columns);
            return _byColumns
                ? ((int)(panels * worker / _workers) * MicroKernel.Columns, Math.Min(_product.Columns, (int)(panels * (worker + 1) / _workers) * MicroKernel.Columns))
                : (0, _product.Columns);
        }

        /// <summary>Floats, and whole panels only: the kernel reads all columns of one.</summary>
        private static bool IsReadInPlace(in Product product) =>
            !product.TransposeB
            && product.B != null
            && product.Columns % MicroKernel.Narrow == 0
            && product.Columns * sizeof(float) % CollidingStride != 0
            && ((long)product.Depth * product.Columns * sizeof(float) <= InPlaceBytes || product.Rows <= InPlaceRows);

        private void Pack(in Block block, int worker)
        {
            if (_product.B != null)
            {
                Pack(_product.B, block, worker);
            }
            else
            {
                Pack(_product.NarrowB, block, worker);
            }
        }

        private void Pack<T>(T* b, in Block block, int worker)
            where T : unmanaged
        {
            int stride = _product.BStride;
            if (_product.TransposeB)
            {
                int chunks = Blocks(block.Depth, Panels.Chunk);
                long units = (long)block.Panels * chunks;
                for (long unit = units * worker / Sharers; unit < units * (worker + 1) / Sharers; unit++)
                {
                    var (panel, chunk) = Math.DivRem((int)unit, chunks);
                    int depth = chunk * Panels.Chunk;
                    int columns = block.ColumnsOf(panel);
                    int width = MicroKernel.PanelWidth(columns);
                    int count = Math.Min(Panels.Chunk, block.Depth - depth);
                    T* source = b + ((long)(block.Column + (panel * MicroKernel.Columns)) * stride) + block.Start + depth;
                    Panels.PackTransposed(source, stride, columns, count, block.PanelAt(panel) + (depth * width), width);
                }
            }
            else
            {
                int first = (int)((long)block.Depth * worker / Sharers);
                int last = (int)((long)block.Depth * (worker + 1) / Sharers);
                T* source = b + ((long)block.Start * stride) + block.Column;
                Panels.PackRows(source, stride, first, last, block.Depth, block.Columns, block.Elements);
            }
        }

        private void MultiplyTiles(in Block block, int worker, float* scratch)
        {
            // One flat range of whole tiles a worker: evenly split, and no tile depends on the split.
            long tiles = (long)Blocks(_product.Rows, MicroKernel.Rows) * block.Panels;
            long tile = tiles * worker / Sharers;
            long end = tiles * (worker + 1) / Sharers;
            float* edgeTile = scratch + Panels.GroupSize(_depthBlock, GroupPanels);
            int lastRowPanel = (int)((end - 1) / block.Panels);
            bool isFinished = block.Start + block.Depth == _product.Depth;
            var rows = new RowPanels { FirstPacked = -1 };
            while (tile < end)
            {
                int rowPanel = (int)(tile / block.Panels);
                int panel = (int)(tile % block.Panels);
                int lastPanel = (int)Math.Min(block.Panels, panel + end - tile);
                int row = rowPanel * MicroKernel.Rows;
                int rowCount = Math.Min(MicroKernel.Rows, _product.Rows - row);
                int firstColumn = panel * MicroKernel.Columns;
                Find(ref rows, block, rowPanel, rowCount, lastRowPanel, scratch);
                tile += lastPanel - panel;
                for (; panel < lastPanel; panel++)
                {
                    int columns = block.ColumnsOf(panel);
                    int width = MicroKernel.PanelWidth(columns);
                    TileStore store = _product.Store(row, block.Column + (panel * MicroKernel.Columns), block.Start == 0, isFinished);
                    if (rowCount == MicroKernel.Rows && columns == width)
                    {
                        MicroKernel.Multiply(block.Depth, rows.A, rows.RowBytes, rows.StepBytes, block.PanelAt(panel), block.StrideOf(width), width, store);
                    }
                    else
                    {
                        var whole = new TileStore { C = edgeTile, Stride = width };
                        MicroKernel.Multiply(block.Depth, rows.A, rows.RowBytes, rows.StepBytes, block.PanelAt(panel), block.StrideOf(width), width, whole);
                        store.AddPart(edgeTile, width, rowCount, columns);
                    }
                }

                if (isFinished)
                {
                    int endColumn = Math.Min(block.Columns, lastPanel * MicroKernel.Columns);
                    _product.Activate(row, block.Column + firstColumn, rowCount, endColumn - firstColumn);
                }
            }
        }

        /// <summary>Where the kernel reads the 12 rows of a: in place where that is as fast, otherwise in a copy.</summary>
        private void Find(ref RowPanels rows, in Block block, int rowPanel, int rowCount, int lastRowPanel, float* scratch)
        {
            int row = rowPanel * MicroKernel.Rows;
            int stride = _product.AStride;
            if (!_product.TransposeA)
            {
                float* source = _product.A + ((long)row * stride) + block.Start;
                bool inPlace = rowCount == MicroKernel.Rows && (stride * sizeof(float) % CollidingStride != 0 || block.Panels == 1);
                rows.A = inPlace ? source : scratch;
                rows.RowBytes = (inPlace ? stride : Panels.CopyStride(block.Depth)) * sizeof(float);
                rows.StepBytes = sizeof(float);
                if (!inPlace)
                {
                    Panels.CopyRows(source, stride, rowCount, block.Depth, scratch);
                }

                return;
            }

            if (_inPlace && rowCount == MicroKernel.Rows && stride * sizeof(float) % CollidingStride != 0)
            {
                rows.A = _product.A + ((long)block.Start * stride) + row;
                rows.RowBytes = sizeof(float);
                rows.StepBytes = stride * sizeof(float);
                return;
            }

            if (rowPanel >= rows.LastPacked || rowPanel < rows.FirstPacked || rows.FirstPacked < 0)
            {
                int whole = _product.Rows / MicroKernel.Rows;
                int panels = rowPanel < whole ? Math.Min(Math.Min(GroupPanels, whole - rowPanel), lastRowPanel + 1 - rowPanel) : 1;
                (rows.FirstPacked, rows.LastPacked) = (rowPanel, rowPanel + panels);
                Panels.PackGroup(_product.A + ((long)block.Start * stride) + row, stride, panels, rowCount, block.Depth, scratch);
            }

            rows.A = scratch + ((rowPanel - rows.FirstPacked) * Panels.GroupSize(block.Depth, 1));
            rows.RowBytes = sizeof(float);
            rows.StepBytes = MicroKernel.Rows * sizeof(float);
        }
    }

    /// <summary>A block of b and its place in the product.</summary>
    private struct Block
    {
        public int Column;
        public int Columns;
        public int Start;
        public int Depth;

        /// <summary>The packed panels, or the first element of a block in place.</summary>
        public float* Elements;

        /// <summary>Of a block in place, the distance of its rows; 0 if it is packed.</summary>
        public int Stride;

        public readonly int Panels => Blocks(Columns, MicroKernel.Columns);

        public readonly float* PanelAt(int panel) => Elements + ((long)panel * MicroKernel.Columns * (Stride > 0 ? 1 : Depth));

        public readonly int StrideOf(int width) => Stride > 0 ? Stride : width;

        public readonly int ColumnsOf(int panel) => Math.Min(MicroKernel.Columns, Columns - (panel * MicroKernel.Columns));
    }

    /// <summary>Twelve rows of a as the kernel reads them, and which panels are packed.</summary>
    private struct RowPanels
    {
        public float* A;
        public nint RowBytes;
        public nint StepBytes;
        public int FirstPacked;
        public int LastPacked;
    }
}
