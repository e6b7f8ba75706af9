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
        ArrayView<float> qkv,
        ArrayView<float> keys,
        ArrayView<int> starts,
        ArrayView<float> y,
        ArrayView<float> logSumExp,
        int tokens,
        int heads,
        int groupSize,
        int headSize,
        int keyStride,
        int keyColumn,
        int before,
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
        long query = ((long)token * ((heads * headSize) + (2 * keyValueWidth))) + (head * headSize);
        int column = keyColumn + (head / groupSize * headSize);
        int last = before + token;
        float maximum = float.NegativeInfinity;
        float sum = 0;
        float sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        for (int first = starts.Length > 0 ? starts[token] : 0; first <= last; first += WarpReduce.Lanes)
        {
            float score = float.NegativeInfinity;
            if (first + lane <= last)
            {
                score = scale * HeadDot(qkv, query, keys, ((long)(first + lane) * keyStride) + column, headSize);
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
                long value = ((long)(first + key) * keyStride) + column + keyValueWidth;
                AddColumns(keys, value, lane, headSize, factor, ref sum0, ref sum1, ref sum2, ref sum3);
            }
        }

        float inverse = 1 / sum;
        StoreColumns(
            y, (((long)token * heads) + head) * headSize, lane, headSize, sum0 * inverse, sum1 * inverse, sum2 * inverse, sum3 * inverse);
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
