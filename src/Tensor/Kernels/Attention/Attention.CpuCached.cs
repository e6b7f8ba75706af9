using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TinyLM;

public static unsafe partial class Attention
{
    private static void ForwardCachedOnCpu(CpuDevice device, Tensor qkv, Tensor cache, int cachedCount, AttentionShape shape, Tensor y)
    {
        float* cacheRows = cache.Pointer;
        nint cacheBytes = 2 * shape.KeyValueWidth * sizeof(float);
        for (int row = 0; row < qkv.Rows; row++)
        {
            float* source = qkv.Pointer + ((nint)row * shape.TotalWidth) + shape.QueryWidth;
            Buffer.MemoryCopy(source, cacheRows + ((nint)(cachedCount + row) * 2 * shape.KeyValueWidth), cacheBytes, cacheBytes);
        }

        var job = new CachedJob(device, qkv, cache, cachedCount, shape, y);
        if ((long)(cachedCount + qkv.Rows) * shape.QueryWidth * qkv.Rows < 1 << 15)
        {
            job.RunHeads(0, 0, shape.QueryHeads);
        }
        else
        {
            device.Team.Run(job);
        }
    }

    private readonly struct CachedJob(
        CpuDevice device, Tensor qkv, Tensor cache, int cachedCount, AttentionShape shape, Tensor y) : IWorkerJob
    {
        private readonly float* _qkv = qkv.Pointer;
        private readonly float* _cache = cache.Pointer;
        private readonly float* _y = y.Pointer;
        private readonly int _newCount = qkv.Rows;
        private readonly AttentionShape _shape = shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(int worker)
        {
            int heads = _shape.QueryHeads;
            RunHeads(worker, heads * worker / device.Team.Count, heads * (worker + 1) / device.Team.Count);
        }

        public void RunHeads(int worker, int first, int last)
        {
            int keys = cachedCount + _newCount;
            bool few = _newCount <= MatMul.FewRows;
            float* scratch = device.WorkerScratch(worker, few ? RowDistance(keys) : HeadForward.ScratchSize(keys, _shape.HeadSize));
            for (int head = first; head < last; head++)
            {
                float* headKeys = _cache + (head / _shape.GroupSize * _shape.HeadSize);
                if (few)
                {
                    RunFew(head, headKeys, scratch);
                    continue;
                }

                new HeadForward
                {
                    Queries = _qkv + (head * _shape.HeadSize),
                    QueryStride = _shape.TotalWidth,
                    QueryCount = _newCount,
                    Before = cachedCount,
                    Keys = headKeys,
                    Values = headKeys + _shape.KeyValueWidth,
                    KeyStride = 2 * _shape.KeyValueWidth,
                    Shape = _shape,
                    Y = _y + (head * _shape.HeadSize),
                    YStride = _shape.QueryWidth,
                }.Run(scratch);
            }
        }

        /// <summary>A token or a few: the cache is read once, where it lies; packing it would cost more than the products.</summary>
        private void RunFew(int head, float* keys, float* scores)
        {
            nint stride = 2 * _shape.KeyValueWidth;
            int size = _shape.HeadSize;
            for (int row = 0; row < _newCount; row++)
            {
                float* query = _qkv + ((nint)row * _shape.TotalWidth) + (head * size);
                int token = cachedCount + row;
                int seen = token + 1 - _shape.FirstKey(token);
                float* firstKey = keys + (_shape.FirstKey(token) * stride);
                for (int key = 0; key < seen; key++)
                {
                    scores[key] = Dot(query, firstKey + (key * stride), size);
                }

                if (_shape.Softcap > 0)
                {
                    Cap(scores, seen, _shape.UnscaledCap);
                }

                HeadForward.Softmax(scores, seen, seen, _shape.Scale, out float factor);
                SumValues(scores, seen, factor, firstKey + _shape.KeyValueWidth, _y + ((nint)row * _shape.QueryWidth) + (head * size));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void SumValues(float* weights, int seen, float factor, float* values, float* y)
        {
            nint stride = 2 * _shape.KeyValueWidth;
            int column = 0;
            for (; column + 16 <= _shape.HeadSize; column += 16)
            {
                Vector512<float> sum = default;
                for (int key = 0; key < seen; key++)
                {
                    sum = Vector512.FusedMultiplyAdd(Vector512.Create(weights[key]), Vector512.Load(values + (key * stride) + column), sum);
                }

                (sum * factor).Store(y + column);
            }

            for (; column < _shape.HeadSize; column++)
            {
                float sum = 0;
                for (int key = 0; key < seen; key++)
                {
                    sum = MathF.FusedMultiplyAdd(weights[key], values[(key * stride) + column], sum);
                }

                y[column] = sum * factor;
            }
        }
    }
}
