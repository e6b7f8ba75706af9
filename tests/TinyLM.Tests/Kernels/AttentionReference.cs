namespace TinyLM.Tests.Kernels;

/// <summary>Attention over documents, in double precision and plain loops.</summary>
internal static class AttentionReference
{
    public static (double[] Y, double[] LogSumExp) Forward(double[] qkv, DocumentOffsets offsets, AttentionShape shape)
    {
        var y = new double[offsets.TokenCount * shape.QueryWidth];
        var logSumExp = new double[offsets.TokenCount * shape.QueryHeads];
        ForEachRow(offsets, shape, (start, token, head) =>
        {
            Row(qkv, start, token, head, shape, out logSumExp[(token * shape.QueryHeads) + head])
                .CopyTo(y, (token * shape.QueryWidth) + (head * shape.HeadSize));
        });
        return (y, logSumExp);
    }

    /// <summary>The result of one head of one token.</summary>
    public static double[] Row(double[] qkv, int start, int token, int head, AttentionShape shape, out double logSumExp)
    {
        double[] weights = Weights(qkv, start, token, head, shape, out logSumExp);
        var row = new double[shape.HeadSize];
        for (int key = start; key <= token; key++)
        {
            for (int i = 0; i < row.Length; i++)
            {
                row[i] += weights[key - start] * qkv[Value(key, head, shape) + i];
            }
        }

        return row;
    }

    public static double[] Backward(double[] qkv, double[] dy, DocumentOffsets offsets, AttentionShape shape)
    {
        var gradient = new double[qkv.Length];
        double scale = 1 / Math.Sqrt(shape.HeadSize);
        ForEachRow(offsets, shape, (start, token, head) =>
        {
            double[] weights = Weights(qkv, start, token, head, shape, out _);
            var weightGradients = new double[weights.Length];
            int query = Query(token, head, shape);
            int result = (token * shape.QueryWidth) + (head * shape.HeadSize);
            double mean = 0;
            for (int key = start; key <= token; key++)
            {
                for (int i = 0; i < shape.HeadSize; i++)
                {
                    weightGradients[key - start] += dy[result + i] * qkv[Value(key, head, shape) + i];
                    gradient[Value(key, head, shape) + i] += weights[key - start] * dy[result + i];
                }

                mean += weights[key - start] * weightGradients[key - start];
            }

            for (int key = start; key <= token; key++)
            {
                double scoreGradient = scale * weights[key - start] * (weightGradients[key - start] - mean);
                for (int i = 0; i < shape.HeadSize; i++)
                {
                    gradient[query + i] += scoreGradient * qkv[Key(key, head, shape) + i];
                    gradient[Key(key, head, shape) + i] += scoreGradient * qkv[query + i];
                }
            }
        });
        return gradient;
    }

    private static double[] Weights(double[] qkv, int start, int token, int head, AttentionShape shape, out double logSumExp)
    {
        var scores = new double[token - start + 1];
        for (int key = start; key <= token; key++)
        {
            for (int i = 0; i < shape.HeadSize; i++)
            {
                scores[key - start] += qkv[Query(token, head, shape) + i] * qkv[Key(key, head, shape) + i] / Math.Sqrt(shape.HeadSize);
            }
        }

        double maximum = scores.Max();
        double logarithm = maximum + Math.Log(scores.Sum(score => Math.Exp(score - maximum)));
        logSumExp = logarithm;
        return Array.ConvertAll(scores, score => Math.Exp(score - logarithm));
    }

    private static void ForEachRow(DocumentOffsets offsets, AttentionShape shape, Action<int, int, int> visit)
    {
        for (int document = 0; document < offsets.DocumentCount; document++)
        {
            for (int token = offsets.Starts[document]; token < offsets.Starts[document + 1]; token++)
            {
                for (int head = 0; head < shape.QueryHeads; head++)
                {
                    visit(offsets.Starts[document], token, head);
                }
            }
        }
    }

    private static int Query(int token, int head, AttentionShape shape) => (token * shape.TotalWidth) + (head * shape.HeadSize);

    private static int Key(int token, int head, AttentionShape shape) =>
        (token * shape.TotalWidth) + shape.QueryWidth + (head / shape.GroupSize * shape.HeadSize);

    private static int Value(int token, int head, AttentionShape shape) => Key(token, head, shape) + shape.KeyValueWidth;
}
