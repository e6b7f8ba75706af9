namespace TinyLM.Tests;

public static partial class Reference
{
    /// <summary>L - z[targets[t]] + λL² with L = log Σ exp z of the capped logits z, and 0 where the target is -1: [tokens, 1].</summary>
    public static Matrix CrossEntropy(Matrix logits, int[] targets, CrossEntropyOptions options = default)
    {
        Matrix capped = logits.Map(logit => Cap(logit, options));
        var losses = new Matrix(logits.Rows, 1);
        for (int token = 0; token < logits.Rows; token++)
        {
            if (targets[token] >= 0)
            {
                double logSumExp = LogSumExp(capped, token);
                losses[token, 0] = logSumExp - capped[token, targets[token]] + options.ZLoss * logSumExp * logSumExp;
            }
        }

        return losses;
    }

    public static Matrix[] CrossEntropyGradient(Matrix logits, int[] targets, Matrix dy, CrossEntropyOptions options = default)
    {
        Matrix capped = logits.Map(logit => Cap(logit, options)), dlogits = new(logits.Rows, logits.Columns);
        for (int token = 0; token < logits.Rows; token++)
        {
            if (targets[token] < 0)
            {
                continue;
            }

            double logSumExp = LogSumExp(capped, token), factor = 1 + 2 * options.ZLoss * logSumExp;
            for (int column = 0; column < logits.Columns; column++)
            {
                double probability = Math.Exp(capped[token, column] - logSumExp), ratio = capped[token, column] / options.Softcap;
                double slope = options.Softcap > 0 ? 1 - ratio * ratio : 1;
                dlogits[token, column] = dy[token, 0] * (factor * probability - (column == targets[token] ? 1 : 0)) * slope;
            }
        }

        return [dlogits];
    }

    /// <summary>Of x and weight, for the losses of logits x·weightᵀ.</summary>
    public static Matrix[] LinearCrossEntropyGradient(Matrix x, Matrix weight, int[] targets, Matrix dy, CrossEntropyOptions options) =>
        LinearGradient(x, weight, CrossEntropyGradient(Product(x, false, weight, true), targets, dy, options)[0])[..2];

    private static double Cap(double logit, CrossEntropyOptions options) =>
        options.Softcap > 0 ? options.Softcap * Math.Tanh(logit / options.Softcap) : logit;

    /// <summary>scale · Σ x: [1, 1].</summary>
    public static Matrix Sum(Matrix x, double scale) => new(1, 1, [scale * x.Values.Sum()]);

    public static Matrix[] SumGradient(Matrix x, double scale, Matrix dy) => [x.Map(_ => scale * dy[0, 0])];

    public static Matrix SumOfSquares(Matrix x) => new(1, 1, [x.Values.Sum(value => value * value)]);

    /// <summary>One step, as the paper writes it; the new values, first and second moments.</summary>
    public static Matrix[] AdamW(
        Matrix values, Matrix gradients, Matrix first, Matrix second, AdamWRule rule, int step, double learningRate, double weightDecay, double gradientScale)
    {
        Matrix newValues = values.Clone(), newFirst = first.Clone(), newSecond = second.Clone();
        for (int i = 0; i < values.Values.Length; i++)
        {
            double gradient = gradientScale * gradients.Values[i];
            double m = rule.Beta1 * first.Values[i] + (1 - rule.Beta1) * gradient;
            double v = rule.Beta2 * second.Values[i] + (1 - rule.Beta2) * gradient * gradient;
            double unbiasedFirst = m / (1 - Math.Pow(rule.Beta1, step)), unbiasedSecond = v / (1 - Math.Pow(rule.Beta2, step));
            double decayed = (1 - learningRate * weightDecay) * values.Values[i];
            newValues.Values[i] = decayed - learningRate * unbiasedFirst / (Math.Sqrt(unbiasedSecond) + rule.Epsilon);
            (newFirst.Values[i], newSecond.Values[i]) = (m, v);
        }

        return [newValues, newFirst, newSecond];
    }

    private static double LogSumExp(Matrix logits, int token)
    {
        double largest = double.NegativeInfinity, sum = 0;
        for (int column = 0; column < logits.Columns; column++)
        {
            largest = Math.Max(largest, logits[token, column]);
        }

        for (int column = 0; column < logits.Columns; column++)
        {
            sum += Math.Exp(logits[token, column] - largest);
        }

        return largest + Math.Log(sum);
    }
}
