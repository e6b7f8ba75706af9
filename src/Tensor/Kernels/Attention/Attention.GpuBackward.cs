using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

public static partial class Attention
{
    /// <summary>A warp a query and head: δ = Σ dy·y, which the next kernel needs too, and dq over the keys that the query sees.</summary>
    private static void WarpQueryGradientKernel(
        ArrayView<float> queries,
        ArrayView<float> keys,
        ArrayView<int> tokens,
        ArrayView<int> starts,
        ArrayView<float> y,
        ArrayView<float> logSumExp,
        ArrayView<float> dy,
        ArrayView<float> deltas,
        ArrayView<float> dq,
        int rows,
        Layout layout)
    {
        int warp = (Grid.IdxX * WarpsPerBlock) + (Group.IdxX / WarpReduce.Lanes);
        if (warp >= rows * layout.Heads)
        {
            return;
        }

        int lane = Group.IdxX % WarpReduce.Lanes;
        int row = warp / layout.Heads;
        int head = warp % layout.Heads;
        int headSize = layout.HeadSize;
        int column = layout.KeyColumn + (head / layout.GroupSize * headSize);
        long query = ((long)row * layout.QueryStride) + (head * headSize);
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
        int last = tokens.Length > 0 ? tokens[row] : row;
        for (int first = XMath.Max(starts[row], last + 1 - layout.Reach); first <= last; first += WarpReduce.Lanes)
        {
            float scoreGradient = 0;
            if (first + lane <= last)
            {
                long key = ((long)(first + lane) * layout.KeyStride) + column;
                float probability = XMath.Exp(Score(HeadDot(queries, query, keys, key, headSize), layout, out float slope) - logarithm);
                float gradient = HeadDot(dy, result, keys, key + layout.KeyValueWidth, headSize);
                scoreGradient = layout.Scale * slope * probability * (gradient - delta);
            }

            int count = XMath.Min(WarpReduce.Lanes, last + 1 - first);
            for (int key = 0; key < count; key++)
            {
                float factor = Warp.Shuffle(scoreGradient, key);
                long start = ((long)(first + key) * layout.KeyStride) + column;
                AddColumns(keys, start, lane, headSize, factor, ref sum0, ref sum1, ref sum2, ref sum3);
            }
        }

        StoreColumns(dq, query, lane, headSize, sum0, sum1, sum2, sum3);
    }

    /// <summary>
    /// A warp a key and key/value head: dk and dv over the document's queries that see the key, head by head of the group; in a fixed
    /// order, without atomics.
    /// </summary>
    private static void WarpKeyValueGradientKernel(
        ArrayView<float> queries,
        ArrayView<float> keys,
        ArrayView<int> rows,
        ArrayView<int> firstRows,
        ArrayView<int> rowEnds,
        ArrayView<float> logSumExp,
        ArrayView<float> dy,
        ArrayView<float> deltas,
        ArrayView<float> dkv,
        int tokens,
        Layout layout)
    {
        int heads = layout.Heads;
        int groupSize = layout.GroupSize;
        int headSize = layout.HeadSize;
        int keyValueHeads = heads / groupSize;
        int warp = (Grid.IdxX * WarpsPerBlock) + (Group.IdxX / WarpReduce.Lanes);
        if (warp >= tokens * keyValueHeads)
        {
            return;
        }

        int lane = Group.IdxX % WarpReduce.Lanes;
        int token = warp / keyValueHeads;
        int keyValueHead = warp % keyValueHeads;
        long key = ((long)token * layout.KeyStride) + layout.KeyColumn + (keyValueHead * headSize);
        int own = rows.Length > 0 ? rows[token] : token;
        int start = firstRows.Length > 0 ? XMath.Max(own, firstRows[token]) : own;
        int end = XMath.Min(rowEnds[token], own + layout.Reach);
        float key0 = 0, key1 = 0, key2 = 0, key3 = 0;
        float value0 = 0, value1 = 0, value2 = 0, value3 = 0;
        for (int head = keyValueHead * groupSize; head < (keyValueHead + 1) * groupSize; head++)
        {
            for (int first = start; first < end; first += WarpReduce.Lanes)
            {
                float probability = 0;
                float scoreGradient = 0;
                if (first + lane < end)
                {
                    int row = ((first + lane) * heads) + head;
                    long query = ((long)(first + lane) * layout.QueryStride) + (head * headSize);
                    probability = XMath.Exp(Score(HeadDot(queries, query, keys, key, headSize), layout, out float slope) - logSumExp[row]);
                    float gradient = HeadDot(dy, (long)row * headSize, keys, key + layout.KeyValueWidth, headSize);
                    scoreGradient = layout.Scale * slope * probability * (gradient - deltas[row]);
                }

                int count = XMath.Min(WarpReduce.Lanes, end - first);
                for (int i = 0; i < count; i++)
                {
                    long query = ((long)(first + i) * layout.QueryStride) + (head * headSize);
                    long result = ((((long)(first + i)) * heads) + head) * headSize;
                    AddColumns(queries, query, lane, headSize, Warp.Shuffle(scoreGradient, i), ref key0, ref key1, ref key2, ref key3);
                    AddColumns(dy, result, lane, headSize, Warp.Shuffle(probability, i), ref value0, ref value1, ref value2, ref value3);
                }
            }
        }

        StoreColumns(dkv, key, lane, headSize, key0, key1, key2, key3);
        StoreColumns(dkv, key + layout.KeyValueWidth, lane, headSize, value0, value1, value2, value3);
    }
}
