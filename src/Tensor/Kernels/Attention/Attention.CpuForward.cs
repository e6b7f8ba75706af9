using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TinyLM;

public static unsafe partial class Attention
{
    private readonly struct ForwardJob(
        CpuDevice device, Deal deal, Operands operands, AttentionShape shape, Tensor y, Tensor logSumExp) : IWorkerJob
    {
        private readonly Operands _operands = operands;
        private readonly float* _queries = operands.Queries.Pointer;
        private readonly float* _keys = operands.Keys.Pointer + operands.KeyColumn;
        private readonly float* _y = y.Pointer;
        private readonly float* _logSumExp = logSumExp.Pointer;
        private readonly AttentionShape _shape = shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(int worker)
        {
            float* scratch = device.WorkerScratch(worker, HeadForward.ScratchSize(deal.LongestDocument, _shape.HeadSize));
            while (deal.Next(out int unit, out int last))
            {
                for (; unit < last; unit++)
                {
                    deal.Unit(unit, out int document, out int head);
                    nint query = _operands.QueryOffsets.Starts[document];
                    int count = _operands.QueryOffsets.LengthOf(document);
                    float* keys = _keys + ((nint)_operands.Offsets.Starts[document] * _operands.KeyStride)
                        + (head / _shape.GroupSize * _shape.HeadSize);
                    new HeadForward
                    {
                        Queries = _queries + (query * _operands.QueryStride) + (head * _shape.HeadSize),
                        QueryStride = _operands.QueryStride,
                        QueryCount = count,
                        Before = _operands.Offsets.LengthOf(document) - count,
                        Keys = keys,
                        Values = keys + _shape.KeyValueWidth,
                        KeyStride = _operands.KeyStride,
                        Shape = _shape,
                        Y = _y + (query * _shape.QueryWidth) + (head * _shape.HeadSize),
                        YStride = _shape.QueryWidth,
                        LogSumExp = _logSumExp + (query * _shape.QueryHeads) + head,
                        LogSumExpStride = _shape.QueryHeads,
                    }.Run(scratch);
                }
            }
        }
    }

    /// <summary>
    /// One head of one document. For 12 queries at a time: a strip of scores against the packed keys up to the diagonal, the
    /// softmax of each row in the cache, and its product with the packed values. Exact: the strip is as long as the document, or as
    /// its window. Strips begin at whole panels of the document, so that a row's bits do not depend on the rows beside it.
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
        public AttentionShape Shape;
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
            // What no query sees is left out, as if the document began after it.
            int skipped = PanelStart(Shape.FirstKey(Before));
            int before = Before - skipped;
            int keys = before + QueryCount;
            int headSize = Shape.HeadSize;
            int width = RoundUp(headSize, MicroKernel.Columns);
            int stripStride = RowDistance(Math.Min(keys, Shape.Reach + MicroKernel.Rows + MicroKernel.Columns));
            float* packedKeys = scratch;
            float* packedValues = packedKeys + ((nint)RoundUp(keys, MicroKernel.Columns) * headSize);
            float* strip = packedValues + ((nint)keys * width);
            float* queries = strip + (MicroKernel.Rows * stripStride);
            float* results = queries + (MicroKernel.Rows * width);
            float* factors = results + (MicroKernel.Rows * width);
            PackKeys(Keys + (skipped * KeyStride), KeyStride, keys, headSize, packedKeys);
            Panels.PackRows(Values + (skipped * KeyStride), KeyStride, 0, keys, keys, headSize, packedValues);
            float scale = Shape.Scale;
            for (int first = 0; first < QueryCount; first += MicroKernel.Rows)
            {
                int rows = Math.Min(MicroKernel.Rows, QueryCount - first);
                int start = PanelStart(Shape.FirstKey(before + first));
                int seen = before + first + rows;
                CopyRows(Queries + (first * QueryStride), QueryStride, rows, headSize, queries, headSize);
                MultiplyByKeys(queries, headSize, packedKeys, start, seen, strip, stripStride);
                for (int row = 0; row < rows; row++)
                {
                    float* scores = strip + (row * stripStride);
                    int token = before + first + row;
                    int count = token + 1 - start;
                    if (Shape.Softcap > 0)
                    {
                        Cap(scores, count, Shape.UnscaledCap);
                    }

                    int outside = Shape.FirstKey(token) - start;
                    if (outside > 0)
                    {
                        new Span<float>(scores, outside).Fill(float.NegativeInfinity);
                    }

                    float logSumExp = Softmax(scores, count, seen - start, scale, out factors[row]);
                    if (LogSumExp != null)
                    {
                        LogSumExp[(first + row) * LogSumExpStride] = logSumExp;
                    }
                }

                MultiplyByRows(start, seen - start, strip, stripStride, packedValues, keys, headSize, results, width, accumulate: false);
                for (int row = 0; row < rows; row++)
                {
                    CopyScaled(results + (row * width), factors[row], Y + ((first + row) * YStride), headSize);
                }
            }
        }

        /// <summary>
        /// Turns the first <paramref name="count"/> scores of a row into exp(scale·(score - maximum)), and those up to
        /// <paramref name="padded"/> into zeros.
        /// </summary>
        /// <returns>The log-sum-exp of the scaled scores.</returns>
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
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
