using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

public static partial class Attention
{
    /// <summary>A warp a query and head: δ = Σ dy·y, which the next kernel needs too, and dq over the keys that the query sees.</summary>
    private static void WarpQueryGradientKernel(
        ArrayView<float> qkv,
        ArrayView<int> starts,
        ArrayView<float> y,
        ArrayView<float> logSumExp,
        ArrayView<float> dy,
        ArrayView<float> deltas,
        ArrayView<float> dqkv,
        int tokens,
        int heads,
        int groupSize,
        int headSize,
        float scale)
    {
        int warp = (Grid.IdxX * WarpsPerBlock) + (Group.IdxX / WarpReduce.Lanes);
        if (warp >= tokens * heads)
        {
            return;
        }

        int lane = Group.IdxX % WarpReduce.Lanes;
        int token = warp / heads;
        int head = warp % heads;
        int keyValueWidth = heads / groupSize * headSize;
        int stride = (heads * headSize) + (2 * keyValueWidth);
        int keyColumn = (heads * headSize) + (head / groupSize * headSize);
        long query = ((long)token * stride) + (head * headSize);
        long result = (long)warp * headSize;
        float part = 0;
        for (int i = lane; i < headSize; i += WarpReduce.Lanes)
        {
            part = PtxIntrinsics.FusedMultiplyAdd(dy[result + i], y[result + i], part);
        }

        float delta = WarpReduce.Sum(part);
        if (lane == 0)
        {
            deltas[warp] = delta;
        }

        float logarithm = logSumExp[warp];
        float sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        for (int first = starts[token]; first <= token; first += WarpReduce.Lanes)
        {
            float scoreGradient = 0;
            if (first + lane <= token)
            {
                long key = ((long)(first + lane) * stride) + keyColumn;
                float probability = XMath.Exp((scale * HeadDot(qkv, query, qkv, key, headSize)) - logarithm);
                scoreGradient = scale * probability * (HeadDot(dy, result, qkv, key + keyValueWidth, headSize) - delta);
            }

            int count = XMath.Min(WarpReduce.Lanes, token + 1 - first);
            for (int key = 0; key < count; key++)
            {
                float factor = Warp.Shuffle(scoreGradient, key);
                AddColumns(qkv, ((long)(first + key) * stride) + keyColumn, lane, headSize, factor, ref sum0, ref sum1, ref sum2, ref sum3);
            }
        }

        StoreColumns(dqkv, query, lane, headSize, sum0, sum1, sum2, sum3);
    }

    /// <summary>
    /// A warp a key and key/value head: dk and dv over the queries of the document from the key's position on, head by head of the
    /// group; in a fixed order, without atomics.
    /// </summary>
    private static void WarpKeyValueGradientKernel(
        ArrayView<float> qkv,
        ArrayView<int> ends,
        ArrayView<float> logSumExp,
        ArrayView<float> dy,
        ArrayView<float> deltas,
        ArrayView<float> dqkv,
        int tokens,
        int heads,
        int groupSize,
        int headSize,
        float scale)
    {
        int keyValueHeads = heads / groupSize;
        int warp = (Grid.IdxX * WarpsPerBlock) + (Group.IdxX / WarpReduce.Lanes);
        if (warp >= tokens * keyValueHeads)
        {
            return;
        }

        int lane = Group.IdxX % WarpReduce.Lanes;
        int token = warp / keyValueHeads;
        int keyValueHead = warp % keyValueHeads;
        int keyValueWidth = keyValueHeads * headSize;
        int stride = (heads * headSize) + (2 * keyValueWidth);
        long key = ((long)token * stride) + (heads * headSize) + (keyValueHead * headSize);
        int end = ends[token];
        float key0 = 0, key1 = 0, key2 = 0, key3 = 0;
        float value0 = 0, value1 = 0, value2 = 0, value3 = 0;
        for (int head = keyValueHead * groupSize; head < (keyValueHead + 1) * groupSize; head++)
        {
            for (int first = token; first < end; first += WarpReduce.Lanes)
            {
                float probability = 0;
                float scoreGradient = 0;
                if (first + lane < end)
                {
                    int row = ((first + lane) * heads) + head;
                    long query = ((long)(first + lane) * stride) + (head * headSize);
                    probability = XMath.Exp((scale * HeadDot(qkv, query, qkv, key, headSize)) - logSumExp[row]);
                    float gradient = HeadDot(dy, (long)row * headSize, qkv, key + keyValueWidth, headSize);
                    scoreGradient = scale * probability * (gradient - deltas[row]);
                }

                int count = XMath.Min(WarpReduce.Lanes, end - first);
                for (int i = 0; i < count; i++)
                {
                    long query = ((long)(first + i) * stride) + (head * headSize);
                    long result = ((((long)(first + i)) * heads) + head) * headSize;
                    AddColumns(qkv, query, lane, headSize, Warp.Shuffle(scoreGradient, i), ref key0, ref key1, ref key2, ref key3);
                    AddColumns(dy, result, lane, headSize, Warp.Shuffle(probability, i), ref value0, ref value1, ref value2, ref value3);
                }
            }
        }

        StoreColumns(dqkv, key, lane, headSize, key0, key1, key2, key3);
        StoreColumns(dqkv, key + keyValueWidth, lane, headSize, value0, value1, value2, value3);
    }
}
