using System.Runtime.CompilerServices;

namespace TinyLM;

public static unsafe partial class SegmentMatMul
{
    /// <summary>
    /// Products of more multiply-adds than this take the whole team, one after the other; the smaller ones are dealt out, one a worker. The size
    /// alone decides, so the bits do not depend on the number of threads.
    /// </summary>
    private const long LargeProduct = 1 << 22;

    private static void RunOnCpu(CpuDevice device, Part part, Tensor x, Tensor w, Tensor y, DocumentOffsets offsets, bool accumulate)
    {
        long work = (long)x.Columns * y.Columns;
        if (offsets.LongestDocument * work > LargeProduct)
        {
            for (int document = 0; document < offsets.DocumentCount; document++)
            {
                if (offsets.LengthOf(document) * work > LargeProduct)
                {
                    var (a, transposeA, b, transposeB, c) = Operands(part, x, w, y, offsets, document);
                    MatMul.Multiply(a, transposeA, b, transposeB, c, accumulate);
                }
            }
        }

        if (offsets.TokenCount * work > MatMul.SmallProduct)
        {
            device.Team.Run(new SegmentJob(device, part, x, w, y, offsets, accumulate, device.Team.Count));
        }
        else
        {
            new SegmentJob(device, part, x, w, y, offsets, accumulate, workers: 1).Run(0);
        }
    }

    private static (Tensor A, bool TransposeA, Tensor B, bool TransposeB, Tensor C) Operands(
        Part part, Tensor x, Tensor w, Tensor y, DocumentOffsets offsets, int document)
    {
        int start = offsets.Starts[document], length = offsets.LengthOf(document);
        Tensor inputs = x.RowRange(start, length), weight = w.RowRange(document * y.Columns, y.Columns), outputs = y.RowRange(start, length);
        return part switch
        {
            Part.Forward => (inputs, false, weight, true, outputs),
            Part.InputGradient => (outputs, false, weight, false, inputs),
            _ => (outputs, true, inputs, false, weight),
        };
    }

    /// <summary>A worker takes every n-th of the documents, longest first, so that all end at about the same time.</summary>
    private readonly struct SegmentJob(
        CpuDevice device, Part part, Tensor x, Tensor w, Tensor y, DocumentOffsets offsets, bool accumulate, int workers) : IWorkerJob
    {
        private readonly int[] _documents = offsets.LongestFirst;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(int worker)
        {
            long work = (long)x.Columns * y.Columns;
            for (int i = worker; i < offsets.DocumentCount; i += workers)
            {
                if (offsets.LengthOf(_documents[i]) * work <= LargeProduct)
                {
                    var (a, transposeA, b, transposeB, c) = Operands(part, x, w, y, offsets, _documents[i]);
                    int depth = transposeA ? a.Rows : a.Columns;
                    MatMul.MultiplyAlone(device, worker, new MatMul.Product(c.Rows, c.Columns, depth, a, transposeA, b, transposeB, c, accumulate, default, default));
                }
            }
        }
    }
}
