using System.Runtime.Intrinsics;

namespace TinyLM;

public static unsafe partial class Attention
{
    // Both multiples of 96, so of a tile's 12 rows and of its 32 columns: a block of queries meets the diagonal within one block
    // of keys. Scores and their gradients of a block fill 400 KB, less than a second-level cache.
    private const int QueryBlock = 96;
    private const int KeyBlock = 480;

    private readonly struct BackwardJob(
        CpuDevice device, Deal deal, AttentionShape shape, Tensor qkv, Tensor y, Tensor logSumExp, Tensor dy, Tensor dqkv) : IWorkerJob
    {
        private readonly float* _qkv = qkv.Pointer;
        private readonly float* _y = y.Pointer;
        private readonly float* _logSumExp = logSumExp.Pointer;
        private readonly float* _dy = dy.Pointer;
        private readonly float* _dqkv = dqkv.Pointer;
        private readonly AttentionShape _shape = shape;

        public void Run(int worker)
        {
            float* scratch = device.WorkerScratch(worker, HeadBackward.ScratchSize(deal.LongestDocument, _shape.HeadSize));
            while (deal.Next(out int unit, out int last))
            {
                for (; unit < last; unit++)
                {
                    deal.Unit(unit, out int start, out int length, out int head);
                    RunGroup(start, length, head, scratch);
                }
            }
        }

        /// <summary>One key/value head and the query heads that share it, in their order: so no sum depends on who comes first.</summary>
        private void RunGroup(int start, int length, int keyValueHead, float* scratch)
        {
            nint stride = _shape.TotalWidth;
            int headSize = _shape.HeadSize;
            nint keys = (start * stride) + _shape.QueryWidth + (keyValueHead * headSize);
            nint values = keys + _shape.KeyValueWidth;
            var head = new HeadBackward(scratch, length, headSize, stride, _shape.QueryWidth, _shape.QueryHeads);
            head.PackKeysAndValues(_qkv + keys, _qkv + values);
            for (int member = 0; member < _shape.GroupSize; member++)
            {
                int query = (keyValueHead * _shape.GroupSize) + member;
                nint queries = (start * stride) + (query * headSize);
                nint results = ((nint)start * _shape.QueryWidth) + (query * headSize);
                float* logSumExp = _logSumExp + ((nint)start * _shape.QueryHeads) + query;
                head.AddQueryHead(_qkv + queries, _y + results, logSumExp, _dy + results, _dqkv + queries, isFirst: member == 0);
            }

            head.StoreKeyAndValueGradients(_dqkv + keys, _dqkv + values);
        }
    }

    /// <summary>
    /// The gradients of one key/value head of one document. Probabilities P come back from the log-sum-exp; with dP = dy·vᵀ and
    /// δ = Σ dy·y, dS = scale·P·(dP - δ), and then dq = dS·k, dk = dSᵀ·q, dv = Pᵀ·dy.
    /// </summary>
    private readonly ref struct HeadBackward
    {
        private const int Stride = KeyBlock + 48;
        private readonly int _length;
        private readonly int _headSize;
        private readonly int _width;
        private readonly nint _stride;
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

        public HeadBackward(float* scratch, int length, int headSize, nint stride, nint resultStride, nint logSumExpStride)
        {
            (_length, _headSize, _stride, _resultStride, _logSumExpStride) = (length, headSize, stride, resultStride, logSumExpStride);
            _width = RoundUp(headSize, MicroKernel.Columns);
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
            PackKeys(keys, _stride, _length, _headSize, _packedKeys);
            PackKeys(values, _stride, _length, _headSize, _packedValues);
            Panels.PackRows(keys, _stride, 0, _length, _length, _headSize, _keyRows);
        }

        public void AddQueryHead(float* q, float* y, float* logSumExp, float* dy, float* dq, bool isFirst)
        {
            float* deltas = stackalloc float[QueryBlock];
            for (int query = 0; query < _length; query += QueryBlock)
            {
                int rows = Math.Min(QueryBlock, _length - query);
                float* blockY = y + (query * _resultStride);
                float* blockDy = dy + (query * _resultStride);
                CopyRows(q + (query * _stride), _stride, rows, _headSize, _queries, _headSize);
                CopyRows(blockDy, _resultStride, rows, _headSize, _resultGradients, _headSize);
                Panels.PackRows(_queries, _headSize, 0, rows, rows, _headSize, _queryRows);
                Panels.PackRows(_resultGradients, _headSize, 0, rows, rows, _headSize, _resultGradientRows);
                for (int row = 0; row < rows; row++)
                {
                    deltas[row] = Dot(blockDy + (row * _resultStride), blockY + (row * _resultStride), _headSize);
                }

                for (int key = 0; key < query + rows; key += KeyBlock)
                {
                    for (int row = 0; row < rows; row += MicroKernel.Rows)
                    {
                        AddQueryTile(query, row, Math.Min(MicroKernel.Rows, rows - row), key, logSumExp, deltas);
                    }

                    int keys = Math.Min(KeyBlock, query + rows - key);
                    for (int tile = 0; tile < keys; tile += MicroKernel.Rows)
                    {
                        AddKeyTile(key, tile, Math.Max(0, key + tile - query), rows, accumulate: !isFirst || key + tile < query);
                    }
                }

                CopyRows(_queryGradients, _width, rows, _headSize, dq + (query * _stride), _stride);
            }
        }

        public void StoreKeyAndValueGradients(float* dk, float* dv)
        {
            CopyRows(_keyGradients, _width, _length, _headSize, dk, _stride);
            CopyRows(_valueGradients, _width, _length, _headSize, dv, _stride);
        }

        /// <summary>P and dS of twelve queries against a block of keys, and what the block adds to their gradient.</summary>
        private void AddQueryTile(int query, int row, int rows, int key, float* logSumExp, float* deltas)
        {
            int last = Math.Min(query + row + rows, key + KeyBlock);
            float* probabilities = _probabilities + (row * Stride);
            float* scoreGradients = _scoreGradients + (row * Stride);
            MultiplyByKeys(_queries + (row * _headSize), _headSize, _packedKeys, key, last, probabilities, Stride);
            MultiplyByKeys(_resultGradients + (row * _headSize), _headSize, _packedValues, key, last, scoreGradients, Stride);
            float scale = 1 / MathF.Sqrt(_headSize);
            for (int i = 0; i < rows; i++)
            {
                int token = query + row + i;
                int count = Math.Min(token + 1 - key, KeyBlock);
                Differentiate(
                    probabilities + (i * Stride),
                    scoreGradients + (i * Stride),
                    count,
                    Math.Min(last - key + MicroKernel.Rows, KeyBlock),
                    scale,
                    logSumExp[token * _logSumExpStride],
                    deltas[row + i]);
            }

            MultiplyByRows(
                key, last - key, scoreGradients, Stride, _keyRows, _length, _headSize, _queryGradients + (row * _width), _width, key > 0);
        }

        /// <summary>Scores to P, and dP to dS, in place; zeros from <paramref name="count"/> to <paramref name="padded"/>.</summary>
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
        /// What the block's queries from <paramref name="first"/> on, which are those that see the tile's twelve keys, add to the
        /// keys' and values' gradients. The kernel reads P and dS down their columns.
        /// </summary>
        private void AddKeyTile(int key, int tile, int first, int rows, bool accumulate)
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
                    rows - first, _probabilities + offset, sizeof(float), step, _resultGradientRows + panel, width, width, store);
                store.C = _keyGradients + target;
                MicroKernel.Multiply(
                    rows - first, _scoreGradients + offset, sizeof(float), step, _queryRows + panel, width, width, store);
            }
        }
    }
}
