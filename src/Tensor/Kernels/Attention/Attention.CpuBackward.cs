using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TinyLM;

public static unsafe partial class Attention
{
    // Both multiples of 96, so of a tile's 12 rows and of its 32 columns: a block of queries meets the diagonal within one block
    // of keys. Scores and their gradients of a block fill 400 KB, less than a second-level cache.
    private const int QueryBlock = 96;
    private const int KeyBlock = 480;

    private readonly struct BackwardJob(
        CpuDevice device, Deal deal, Operands operands, AttentionShape shape, Tensor y, Tensor logSumExp, Tensor dy, Tensor dq, Tensor dkv)
        : IWorkerJob
    {
        private readonly Operands _operands = operands;
        private readonly float* _queries = operands.Queries.Pointer;
        private readonly float* _keys = operands.Keys.Pointer + operands.KeyColumn;
        private readonly float* _y = y.Pointer;
        private readonly float* _logSumExp = logSumExp.Pointer;
        private readonly float* _dy = dy.Pointer;
        private readonly float* _dq = dq.Pointer;
        private readonly float* _dkv = dkv.Pointer + operands.KeyColumn;
        private readonly AttentionShape _shape = shape;
        private readonly bool _streams = shape.HeadSize % 16 == 0 && Streaming.Pays(dq) && Streaming.Pays(dkv);

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(int worker)
        {
            float* scratch = device.WorkerScratch(worker, HeadBackward.ScratchSize(deal.LongestDocument, _shape.HeadSize));
            while (deal.Next(out int unit, out int last))
            {
                for (; unit < last; unit++)
                {
                    deal.Unit(unit, out int document, out int head);
                    RunGroup(document, head, scratch);
                }
            }

            Streaming.Fence();
        }

        /// <summary>One key/value head and the query heads that share it, in their order: so no sum depends on who comes first.</summary>
        private void RunGroup(int document, int keyValueHead, float* scratch)
        {
            int headSize = _shape.HeadSize;
            int length = _operands.Offsets.LengthOf(document);
            int before = length - _operands.QueryOffsets.LengthOf(document);
            nint keys = ((nint)_operands.Offsets.Starts[document] * _operands.KeyStride) + (keyValueHead * headSize);
            nint values = keys + _shape.KeyValueWidth;
            var head = new HeadBackward(scratch, _shape, length, before, _operands.QueryStride, _operands.KeyStride, _streams);
            head.PackKeysAndValues(_keys + keys, _keys + values);

            // Where the query of the document's first token would stand: so a token's place is the same for queries and keys.
            nint start = (nint)_operands.QueryOffsets.Starts[document] - before;
            for (int member = 0; member < _shape.GroupSize; member++)
            {
                int query = (keyValueHead * _shape.GroupSize) + member;
                nint queries = (start * _operands.QueryStride) + (query * headSize);
                nint results = (start * _shape.QueryWidth) + (query * headSize);
                float* logSumExp = _logSumExp + (start * _shape.QueryHeads) + query;
                head.AddQueryHead(_queries + queries, _y + results, logSumExp, _dy + results, _dq + queries, isFirst: member == 0);
            }

            head.StoreKeyAndValueGradients(_dkv + keys, _dkv + values);
        }
    }

    /// <summary>
    /// The gradients of one key/value head of one document. Probabilities P come back from the log-sum-exp; with dP = dy·vᵀ and
    /// δ = Σ dy·y, dS = scale·P·(dP - δ), and then dq = dS·k, dk = dSᵀ·q, dv = Pᵀ·dy. Blocks of queries and keys lie at multiples of
    /// their size in the document; only the first block of a tail of queries may begin within one.
    /// </summary>
    private readonly ref struct HeadBackward
    {
        private const int Stride = KeyBlock + 48;
        private readonly AttentionShape _shape;
        private readonly int _length;
        private readonly int _before;
        private readonly int _headSize;
        private readonly int _width;
        private readonly bool _streams;
        private readonly nint _queryStride;
        private readonly nint _keyStride;
        private readonly nint _resultStride;
        private readonly nint _logSumExpStride;
        private readonly float* _packedKeys;
        private readonly float* _packedValues;
        private readonly float* _keyRows;
        private readonly float* _keyGradients;
        private readonly float* _valueGradients;
        private readonly float* _probabilities;
        private readonly float* _scoreGradients;
        private readonly float* _queries;
        private readonly float* _resultGradients;
        private readonly float* _queryRows;
        private readonly float* _resultGradientRows;
        private readonly float* _queryGradients;

        /// <param name="scratch">Of <see cref="ScratchSize"/>.</param>
        /// <param name="shape">As in the forward pass.</param>
        /// <param name="length">Tokens of the document.</param>
        /// <param name="before">Its tokens before the first query.</param>
        /// <param name="queryStride">From one query to the next.</param>
        /// <param name="keyStride">From one key to the next.</param>
        /// <param name="streams">Whether the gradients are written past the caches.</param>
        public HeadBackward(float* scratch, AttentionShape shape, int length, int before, nint queryStride, nint keyStride, bool streams)
        {
            (_shape, _length, _before, _queryStride, _keyStride, _streams) = (shape, length, before, queryStride, keyStride, streams);
            (_headSize, _resultStride, _logSumExpStride) = (shape.HeadSize, shape.QueryWidth, shape.QueryHeads);
            _width = RoundUp(_headSize, MicroKernel.Columns);
            nint whole = (nint)RoundUp(length, QueryBlock) * _width;
            nint block = (nint)QueryBlock * _width;
            nint strip = QueryBlock * Stride;
            _packedKeys = scratch;
            _packedValues = _packedKeys + whole;
            _keyRows = _packedValues + whole;
            _keyGradients = _keyRows + whole;
            _valueGradients = _keyGradients + whole;
            _probabilities = _valueGradients + whole;
            _scoreGradients = _probabilities + strip;
            _queries = _scoreGradients + strip;
            _resultGradients = _queries + block;
            _queryRows = _resultGradients + block;
            _resultGradientRows = _queryRows + block;
            _queryGradients = _resultGradientRows + block;
        }

        public static long ScratchSize(int length, int headSize)
        {
            long width = RoundUp(headSize, MicroKernel.Columns);
            return (5 * RoundUp(length, QueryBlock) * width) + (2 * QueryBlock * Stride) + (5 * QueryBlock * width);
        }

        public void PackKeysAndValues(float* keys, float* values)
        {
            PackKeys(keys, _keyStride, _length, _headSize, _packedKeys);
            PackKeys(values, _keyStride, _length, _headSize, _packedValues);
            Panels.PackRows(keys, _keyStride, 0, _length, _length, _headSize, _keyRows);

            // Gradients begin at the diagonal; keys before it are only added to, or seen by no query.
            int added = RoundUp(_before, MicroKernel.Rows) * _width;
            new Span<float>(_keyGradients, added).Clear();
            new Span<float>(_valueGradients, added).Clear();
        }

        /// <summary>All pointers are those of the document's first token.</summary>
        public void AddQueryHead(float* q, float* y, float* logSumExp, float* dy, float* dq, bool isFirst)
        {
            float* deltas = stackalloc float[QueryBlock];
            int rows;
            for (int query = _before; query < _length; query += rows)
            {
                rows = Math.Min(QueryBlock - (query % QueryBlock), _length - query);
                float* blockY = y + (query * _resultStride);
                float* blockDy = dy + (query * _resultStride);
                CopyRows(q + (query * _queryStride), _queryStride, rows, _headSize, _queries, _headSize);
                CopyRows(blockDy, _resultStride, rows, _headSize, _resultGradients, _headSize);
                Panels.PackRows(_queries, _headSize, 0, rows, rows, _headSize, _queryRows);
                Panels.PackRows(_resultGradients, _headSize, 0, rows, rows, _headSize, _resultGradientRows);
                for (int row = 0; row < rows; row++)
                {
                    deltas[row] = Dot(blockDy + (row * _resultStride), blockY + (row * _resultStride), _headSize);
                }

                int firstKey = _shape.FirstKey(query);
                for (int key = firstKey / KeyBlock * KeyBlock; key < query + rows; key += KeyBlock)
                {
                    for (int row = 0; row < rows; row += MicroKernel.Rows)
                    {
                        AddQueryTile(query, row, Math.Min(MicroKernel.Rows, rows - row), key, logSumExp, deltas);
                    }

                    int keys = Math.Min(KeyBlock, query + rows - key);
                    for (int tile = Math.Max(0, firstKey - key) / MicroKernel.Rows * MicroKernel.Rows; tile < keys; tile += MicroKernel.Rows)
                    {
                        int first = Math.Max(0, key + tile - query);
                        int end = Math.Min(rows, key + tile + MicroKernel.Rows - 1 + _shape.Reach - query);
                        AddKeyTile(key, tile, first, end, rows, accumulate: !isFirst || key + tile < query);
                    }
                }

                CopyRows(_queryGradients, _width, rows, _headSize, dq + (query * _queryStride), _queryStride, _streams);
            }
        }

        public void StoreKeyAndValueGradients(float* dk, float* dv)
        {
            CopyRows(_keyGradients, _width, _length, _headSize, dk, _keyStride, _streams);
            CopyRows(_valueGradients, _width, _length, _headSize, dv, _keyStride, _streams);
        }

        /// <summary>P and dS of twelve queries against a block of keys, and what the block adds to their gradient.</summary>
        private void AddQueryTile(int query, int row, int rows, int key, float* logSumExp, float* deltas)
        {
            int last = Math.Min(query + row + rows, key + KeyBlock);
            int lowest = PanelStart(_shape.FirstKey(query + row));
            int start = Math.Max(key, lowest);
            if (start >= last)
            {
                return;
            }

            float* probabilities = _probabilities + (row * Stride) + (start - key);
            float* scoreGradients = _scoreGradients + (row * Stride) + (start - key);
            MultiplyByKeys(_queries + (row * _headSize), _headSize, _packedKeys, start, last, probabilities, Stride);
            MultiplyByKeys(_resultGradients + (row * _headSize), _headSize, _packedValues, start, last, scoreGradients, Stride);
            float scale = _shape.Scale;
            int padded = Math.Min(last + MicroKernel.Rows, key + KeyBlock) - start;
            for (int i = 0; i < rows; i++)
            {
                int token = query + row + i;
                int count = Math.Min(token + 1, key + KeyBlock) - start;
                float* p = probabilities + (i * Stride);
                float* ds = scoreGradients + (i * Stride);
                float delta = deltas[row + i];
                if (_shape.Softcap > 0)
                {
                    CapWithSlope(p, ds, count, _shape.UnscaledCap, delta);
                    delta = 0;
                }

                Differentiate(p, ds, count, padded, scale, logSumExp[token * _logSumExpStride], delta);
                int firstKey = Math.Min(_shape.FirstKey(token), key + KeyBlock);
                if (firstKey > key)
                {
                    // From a little before the strip's start: a tile of twelve keys may begin there.
                    int from = Math.Max(key, start - 16) - start;
                    new Span<float>(p + from, firstKey - start - from).Clear();
                    new Span<float>(ds + from, firstKey - start - from).Clear();
                }
            }

            MultiplyByRows(
                start, last - start, scoreGradients, Stride, _keyRows, _length, _headSize, _queryGradients + (row * _width), _width, lowest < key);
        }

        /// <summary>Scores to P, and dP to dS, in place; zeros from <paramref name="count"/> to <paramref name="padded"/>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static void Differentiate(float* p, float* ds, int count, int padded, float scale, float logSumExp, float delta)
        {
            Vector512<float> scales = Vector512.Create(scale);
            Vector512<float> shift = Vector512.Create(-logSumExp);
            Vector512<float> deltas = Vector512.Create(delta);
            int whole = count & ~15;
            int i = 0;
            for (; i < whole; i += 16)
            {
                Vector512<float> probability = VectorMath.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(p + i), scales, shift));
                probability.Store(p + i);
                (probability * scales * (Vector512.Load(ds + i) - deltas)).Store(ds + i);
            }

            if (i < count)
            {
                Vector512<float> inside = VectorMath.FirstLanes(count - i);
                Vector512<float> probability = VectorMath.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(p + i), scales, shift)) & inside;
                probability.Store(p + i);
                (probability * scales * (Vector512.Load(ds + i) - deltas) & inside).Store(ds + i);
                i += 16;
            }

            for (; i < padded; i += 16)
            {
                Vector512<float>.Zero.Store(p + i);
                Vector512<float>.Zero.Store(ds + i);
            }
        }

        /// <summary>
        /// What the block's queries from <paramref name="first"/> to <paramref name="end"/> - 1, which are those that see any of the tile's
        /// twelve keys, add to the keys' and values' gradients. The kernel reads P and dS down their columns.
        /// </summary>
        private void AddKeyTile(int key, int tile, int first, int end, int rows, bool accumulate)
        {
            for (int column = 0; column < _headSize; column += MicroKernel.Columns)
            {
                const nint step = Stride * sizeof(float);
                int width = MicroKernel.PanelWidth(_headSize - column);
                nint panel = ((nint)column * rows) + (first * width);
                nint offset = (first * Stride) + tile;
                nint target = ((nint)(key + tile) * _width) + column;
                var store = new TileStore { C = _valueGradients + target, Stride = _width, Accumulate = accumulate };
                MicroKernel.Multiply(
                    end - first, _probabilities + offset, sizeof(float), step, _resultGradientRows + panel, width, width, store);
                store.C = _keyGradients + target;
                MicroKernel.Multiply(
                    end - first, _scoreGradients + offset, sizeof(float), step, _queryRows + panel, width, width, store);
            }
        }
    }
}
