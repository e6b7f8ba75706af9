using System.Runtime.Intrinsics;

namespace TinyLM;

public static unsafe partial class Attention
{
    private readonly struct ForwardJob(
        CpuDevice device, Deal deal, AttentionShape shape, Tensor qkv, Tensor y, Tensor logSumExp) : IWorkerJob
    {
        private readonly float* _qkv = qkv.Pointer;
        private readonly float* _y = y.Pointer;
        private readonly float* _logSumExp = logSumExp.Pointer;
        private readonly AttentionShape _shape = shape;

        public void Run(int worker)
        {
            nint stride = _shape.TotalWidth;
            float* scratch = device.WorkerScratch(worker, HeadForward.ScratchSize(deal.LongestDocument, _shape.HeadSize));
            while (deal.Next(out int unit, out int last))
            {
                for (; unit < last; unit++)
                {
                    deal.Unit(unit, out int start, out int length, out int head);
                    float* keys = _qkv + (start * stride) + _shape.QueryWidth + (head / _shape.GroupSize * _shape.HeadSize);
                    new HeadForward
                    {
                        Queries = _qkv + (start * stride) + (head * _shape.HeadSize),
                        QueryStride = stride,
                        QueryCount = length,
                        Keys = keys,
                        Values = keys + _shape.KeyValueWidth,
                        KeyStride = stride,
                        HeadSize = _shape.HeadSize,
                        Y = _y + ((nint)start * _shape.QueryWidth) + (head * _shape.HeadSize),
                        YStride = _shape.QueryWidth,
                        LogSumExp = _logSumExp + ((nint)start * _shape.QueryHeads) + head,
                        LogSumExpStride = _shape.QueryHeads,
                    }.Run(scratch);
                }
            }
        }
    }

    /// <summary>
    /// One head of one document. For 12 queries at a time: a strip of scores against the packed keys up to the diagonal, the
    /// softmax of each row in the cache, and its product with the packed values. Exact: the strip is as long as the document.
    /// </summary>
    private ref struct HeadForward
    {
        public float* Queries;
        public nint QueryStride;
        public int QueryCount;

        /// <summary>Tokens of the document before the first query; their keys come first.</summary>
        public int Before;
        public float* Keys;
        public float* Values;
        public nint KeyStride;
        public int HeadSize;
        public float* Y;
        public nint YStride;

        /// <summary>May be null.</summary>
        public float* LogSumExp;
        public nint LogSumExpStride;

        public static long ScratchSize(int keys, int headSize)
        {
            long width = RoundUp(headSize, MicroKernel.Columns);
            return (2 * RoundUp(keys, MicroKernel.Columns) * width) + (MicroKernel.Rows * (RowDistance(keys) + (2 * width) + 1));
        }

        public readonly void Run(float* scratch)
        {
            int keys = Before + QueryCount;
            int width = RoundUp(HeadSize, MicroKernel.Columns);
            int stripStride = RowDistance(keys);
            float* packedKeys = scratch;
            float* packedValues = packedKeys + ((nint)RoundUp(keys, MicroKernel.Columns) * HeadSize);
            float* strip = packedValues + ((nint)keys * width);
            float* queries = strip + (MicroKernel.Rows * stripStride);
            float* results = queries + (MicroKernel.Rows * width);
            float* factors = results + (MicroKernel.Rows * width);
            PackKeys(Keys, KeyStride, keys, HeadSize, packedKeys);
            Panels.PackRows(Values, KeyStride, 0, keys, keys, HeadSize, packedValues);
            float scale = 1 / MathF.Sqrt(HeadSize);
            for (int first = 0; first < QueryCount; first += MicroKernel.Rows)
            {
                int rows = Math.Min(MicroKernel.Rows, QueryCount - first);
                int seen = Before + first + rows;
                CopyRows(Queries + (first * QueryStride), QueryStride, rows, HeadSize, queries, HeadSize);
                MultiplyByKeys(queries, HeadSize, packedKeys, 0, seen, strip, stripStride);
                for (int row = 0; row < rows; row++)
                {
                    float logSumExp = Softmax(strip + (row * stripStride), Before + first + row + 1, seen, scale, out factors[row]);
                    if (LogSumExp != null)
                    {
                        LogSumExp[(first + row) * LogSumExpStride] = logSumExp;
                    }
                }

                MultiplyByRows(0, seen, strip, stripStride, packedValues, keys, HeadSize, results, width, accumulate: false);
                for (int row = 0; row < rows; row++)
                {
                    CopyScaled(results + (row * width), factors[row], Y + ((first + row) * YStride), HeadSize);
                }
            }
        }

        /// <summary>
        /// Turns the first <paramref name="count"/> scores of a row into exp(scale·(score - maximum)), and those up to
        /// <paramref name="padded"/> into zeros.
        /// </summary>
        /// <returns>The log-sum-exp of the scaled scores.</returns>
        public static float Softmax(float* row, int count, int padded, float scale, out float factor)
        {
            int whole = count & ~15;
            Vector512<float> inside = VectorMath.FirstLanes(count - whole);
            Vector512<float> none = Vector512.Create(float.NegativeInfinity);
            Vector512<float> maxima = none;
            for (int i = 0; i < whole; i += 16)
            {
                maxima = Vector512.Max(maxima, Vector512.Load(row + i));
            }

            if (whole < count)
            {
                maxima = Vector512.Max(maxima, Vector512.ConditionalSelect(inside, Vector512.Load(row + whole), none));
            }

            float maximum = VectorMath.HorizontalMax(maxima) * scale;
            Vector512<float> scales = Vector512.Create(scale);
            Vector512<float> shift = Vector512.Create(-maximum);
            Vector512<float> sums = default;
            for (int i = 0; i < whole; i += 16)
            {
                Vector512<float> exp = VectorMath.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(row + i), scales, shift));
                sums += exp;
                exp.Store(row + i);
            }

            if (whole < count)
            {
                Vector512<float> exp = VectorMath.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(row + whole), scales, shift)) & inside;
                sums += exp;
                exp.Store(row + whole);
            }

            for (int i = RoundUp(count, 16); i < padded; i += 16)
            {
                Vector512<float>.Zero.Store(row + i);
            }

            float sum = Vector512.Sum(sums);
            factor = 1 / sum;
            return maximum + MathF.Log(sum);
        }
    }
}
