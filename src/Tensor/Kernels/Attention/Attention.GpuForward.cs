using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

public static partial class Attention
{
    /// <summary>
    /// A warp a query and head, 32 keys at a time: each lane scores one key, and then each holds up to four columns of the result
    /// while the keys' values go by. Online softmax (Milakov and Gimelshein, 2018).
    /// </summary>
    private static void WarpForwardKernel(
        ArrayView<float> queries,
        ArrayView<float> keys,
        ArrayView<int> tokens,
        ArrayView<int> starts,
        ArrayView<float> y,
        ArrayView<float> logSumExp,
        int rows,
        int before,
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
        long query = ((long)row * layout.QueryStride) + (head * headSize);
        int column = layout.KeyColumn + (head / layout.GroupSize * headSize);
        int last = tokens.Length > 0 ? tokens[row] : before + row;
        int start = starts.Length > 0 ? starts[row] : 0;
        float maximum = float.NegativeInfinity;
        float sum = 0;
        float sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        for (int first = XMath.Max(start, last + 1 - layout.Reach); first <= last; first += WarpReduce.Lanes)
        {
            float score = float.NegativeInfinity;
            if (first + lane <= last)
            {
                float dot = HeadDot(queries, query, keys, ((long)(first + lane) * layout.KeyStride) + column, headSize);
                score = Score(dot, layout, out _);
            }

            float higher = MathF.Max(maximum, WarpReduce.Max(score));
            float weight = XMath.Exp(score - higher);
            float shrink = XMath.Exp(maximum - higher);
            maximum = higher;
            sum = (sum * shrink) + WarpReduce.Sum(weight);
            sum0 *= shrink;
            sum1 *= shrink;
            sum2 *= shrink;
            sum3 *= shrink;
            int count = XMath.Min(WarpReduce.Lanes, last + 1 - first);
            for (int key = 0; key < count; key++)
            {
                float factor = Warp.Shuffle(weight, key);
                long value = ((long)(first + key) * layout.KeyStride) + column + layout.KeyValueWidth;
                AddColumns(keys, value, lane, headSize, factor, ref sum0, ref sum1, ref sum2, ref sum3);
            }
        }

        float inverse = 1 / sum;
        StoreColumns(
            y, (long)warp * headSize, lane, headSize, sum0 * inverse, sum1 * inverse, sum2 * inverse, sum3 * inverse);
        if (logSumExp.Length > 0 && lane == 0)
        {
            logSumExp[warp] = maximum + XMath.Log(sum);
        }
    }

    private static void AppendToCacheKernel(
        ArrayView<float> qkv, ArrayView<float> cache, int count, int cachedCount, int queryWidth, int width)
    {
        int i = (Grid.IdxX * ThreadsPerBlock) + Group.IdxX;
        if (i < count)
        {
            int row = i / width;
            int column = i % width;
            cache[((long)(cachedCount + row) * width) + column] = qkv[((long)row * (queryWidth + width)) + queryWidth + column];
        }
    }

    /// <summary>The scaled and capped score of a product, and the slope of the cap there.</summary>
    private static float Score(float dot, Layout layout, out float slope)
    {
        slope = 1;
        float score = layout.Scale * dot;
        if (layout.Softcap > 0)
        {
            float tanh = Tanh(new ScalarLane(score / layout.Softcap)).Value;
            slope = 1 - (tanh * tanh);
            score = layout.Softcap * tanh;
        }

        return score;
    }

    private static float HeadDot(ArrayView<float> left, long leftStart, ArrayView<float> right, long rightStart, int headSize)
    {
        float sum = 0;
        for (int i = 0; i < headSize; i++)
        {
            sum = PtxIntrinsics.FusedMultiplyAdd(left[leftStart + i], right[rightStart + i], sum);
        }

        return sum;
    }

    /// <summary>sums += factor · row, where a lane holds columns lane, lane + 32, lane + 64 and lane + 96.</summary>
    private static void AddColumns(
        ArrayView<float> source,
        long start,
        int lane,
        int headSize,
        float factor,
        ref float sum0,
        ref float sum1,
        ref float sum2,
        ref float sum3)
    {
        if (lane < headSize)
        {
            sum0 = PtxIntrinsics.FusedMultiplyAdd(factor, source[start + lane], sum0);
        }

        if (lane + 32 < headSize)
        {
            sum1 = PtxIntrinsics.FusedMultiplyAdd(factor, source[start + lane + 32], sum1);
        }

        if (lane + 64 < headSize)
        {
            sum2 = PtxIntrinsics.FusedMultiplyAdd(factor, source[start + lane + 64], sum2);
        }

        if (lane + 96 < headSize)
        {
            sum3 = PtxIntrinsics.FusedMultiplyAdd(factor, source[start + lane + 96], sum3);
        }
    }

    private static void StoreColumns(
        ArrayView<float> result, long start, int lane, int headSize, float sum0, float sum1, float sum2, float sum3)
    {
        if (lane < headSize)
        {
            result[start + lane] = sum0;
        }

        if (lane + 32 < headSize)
        {
            result[start + lane + 32] = sum1;
        }

        if (lane + 64 < headSize)
        {
            result[start + lane + 64] = sum2;
        }

        if (lane + 96 < headSize)
        {
            result[start + lane + 96] = sum3;
        }
    }
}
