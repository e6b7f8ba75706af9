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
        int first = FirstKey(start, token, shape);
        double[] weights = Weights(qkv, first, token, head, shape, out logSumExp, out _);
        var row = new double[shape.HeadSize];
        for (int key = first; key <= token; key++)
        {
            int value = Value(key, head, shape);
            for (int i = 0; i < row.Length; i++)
            {
                row[i] += weights[key - first] * qkv[value + i];
            }
        }

        return row;
    }

    public static double[] Backward(double[] qkv, double[] dy, DocumentOffsets offsets, AttentionShape shape)
    {
        var gradient = new double[qkv.Length];
        double scale = Scale(shape);
        ForEachRow(offsets, shape, (start, token, head) =>
        {
            int first = FirstKey(start, token, shape);
            double[] weights = Weights(qkv, first, token, head, shape, out _, out double[] slopes);
            var weightGradients = new double[weights.Length];
            int query = Query(token, head, shape);
            int result = (token * shape.QueryWidth) + (head * shape.HeadSize);
            double mean = 0;
            for (int key = first; key <= token; key++)
            {
                int value = Value(key, head, shape);
                for (int i = 0; i < shape.HeadSize; i++)
                {
                    weightGradients[key - first] += dy[result + i] * qkv[value + i];
                    gradient[value + i] += weights[key - first] * dy[result + i];
                }

                mean += weights[key - first] * weightGradients[key - first];
            }

            for (int key = first; key <= token; key++)
            {
                double scoreGradient = scale * slopes[key - first] * weights[key - first] * (weightGradients[key - first] - mean);
                int row = Key(key, head, shape);
                for (int i = 0; i < shape.HeadSize; i++)
                {
                    gradient[query + i] += scoreGradient * qkv[row + i];
                    gradient[row + i] += scoreGradient * qkv[query + i];
                }
            }
        });
        return gradient;
    }

    /// <summary>Also the slope of the cap at each score: 1 without one.</summary>
    private static double[] Weights(
        double[] qkv, int first, int token, int head, AttentionShape shape, out double logSumExp, out double[] slopes)
    {
        var scores = new double[token - first + 1];
        slopes = new double[scores.Length];
        int query = Query(token, head, shape);
        for (int key = first; key <= token; key++)
        {
            int row = Key(key, head, shape);
            for (int i = 0; i < shape.HeadSize; i++)
            {
                scores[key - first] += qkv[query + i] * qkv[row + i];
            }

            scores[key - first] *= Scale(shape);
            double tanh = shape.Softcap > 0 ? Math.Tanh(scores[key - first] / shape.Softcap) : 0;
            slopes[key - first] = 1 - tanh * tanh;
            scores[key - first] = shape.Softcap > 0 ? shape.Softcap * tanh : scores[key - first];
        }

        double maximum = scores.Max();
        double logarithm = maximum + Math.Log(scores.Sum(score => Math.Exp(score - maximum)));
        logSumExp = logarithm;
        return Array.ConvertAll(scores, score => Math.Exp(score - logarithm));
    }

    private static double Scale(AttentionShape shape) => shape.ScoreScale > 0 ? shape.ScoreScale : 1 / Math.Sqrt(shape.HeadSize);

    private static int FirstKey(int start, int token, AttentionShape shape) =>
        shape.Window > 0 ? Math.Max(start, token - shape.Window + 1) : start;

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
