namespace TinyLM.Tests;

public static partial class Reference
{
    /// <summary>New values and momentum.</summary>
    public static Matrix[] Sgd(
        Matrix values, Matrix gradients, Matrix momentum, SgdRule rule, double learningRate, double weightDecay, double gradientScale)
    {
        Matrix newValues = values.Clone(), newMomentum = momentum.Clone();
        for (int i = 0; i < values.Values.Length; i++)
        {
            double gradient = gradientScale * gradients.Values[i] + weightDecay * values.Values[i];
            double velocity = rule.Momentum * momentum.Values[i] + gradient;
            newMomentum.Values[i] = velocity;
            newValues.Values[i] -= learningRate * (rule.Nesterov ? gradient + rule.Momentum * velocity : velocity);
        }

        return [newValues, newMomentum];
    }

    /// <summary>On the left side for every shape: that a tall matrix may take the other side is for the kernel to show.</summary>
    public static Matrix NewtonSchulz(Matrix x, NewtonSchulzRule rule)
    {
        double norm = Math.Sqrt(SumOfSquares(x)[0, 0]);
        Matrix y = x.Map(value => value / (rule.Margin * norm + rule.Epsilon));
        foreach (var (a, b, c) in rule.Steps)
        {
            Matrix gram = Product(y, false, y, true);
            Matrix polynomial = gram.Zip(Product(gram, false, gram, false), (first, second) => b * first + c * second);
            y = y.Zip(Product(polynomial, false, y, false), (old, change) => a * old + change);
        }

        return y;
    }

    /// <summary>New values, momentum and variance; what it is for a rule without one does not matter.</summary>
    public static Matrix[] Muon(
        Matrix values, Matrix gradients, Matrix momentum, Matrix variance, MuonRule rule, long step, double learningRate, double weightDecay, double gradientScale)
    {
        double keep = rule.MomentumWarmUpSteps >= step ? rule.FirstMomentum + (step - 1.0) / rule.MomentumWarmUpSteps * (rule.Momentum - rule.FirstMomentum) : rule.Momentum;
        Matrix scaled = gradients.Map(gradient => gradientScale * gradient);
        Matrix newMomentum = momentum.Zip(scaled, Average);
        Matrix update = NewtonSchulz(rule.Nesterov ? newMomentum.Zip(scaled, Average) : newMomentum, rule.Orthogonalization);
        double rate = learningRate * Math.Sqrt(Math.Max(1, (double)values.Rows / values.Columns));
        Matrix newVariance = variance.Clone();
        if (rule.VarianceDecay > 0)
        {
            EvenOut(update, newVariance, rule.VarianceDecay);
        }

        return [values.Zip(update, Move), newMomentum, newVariance];

        double Average(double old, double gradient) => keep * old + (1 - keep) * gradient;

        double Move(double value, double direction)
        {
            bool decays = !rule.CautiousDecay || direction * value >= 0;
            return value - rate * direction - (decays ? learningRate * weightDecay * value : 0);
        }
    }

    /// <summary>A variance a row, or a column where there are more of them, follows the mean square; each is divided by its root, and the norm is put back.</summary>
    private static void EvenOut(Matrix update, Matrix variance, double decay)
    {
        bool byRow = update.Rows >= update.Columns;
        double before = Math.Sqrt(SumOfSquares(update)[0, 0]);
        for (int line = 0; line < variance.Values.Length; line++)
        {
            int count = byRow ? update.Columns : update.Rows;
            double mean = Enumerable.Range(0, count).Average(i => Math.Pow(byRow ? update[line, i] : update[i, line], 2));
            variance.Values[line] = decay * variance.Values[line] + (1 - decay) * mean;
        }

        for (int row = 0; row < update.Rows; row++)
        {
            for (int column = 0; column < update.Columns; column++)
            {
                update[row, column] /= Math.Sqrt(variance.Values[byRow ? row : column]);
            }
        }

        double after = Math.Sqrt(SumOfSquares(update)[0, 0]);
        for (int i = 0; i < update.Values.Length; i++)
        {
            update.Values[i] *= before / after;
        }
    }

    /// <summary>The nearest number of 8 significant bits and a float32's exponent; of two as near, the one with an even last bit.</summary>
    public static double RoundToBFloat16(double x)
    {
        if (!double.IsFinite(x) || x == 0)
        {
            return x;
        }

        double unit = Math.ScaleB(1, Math.Max(Math.ILogB(x), -126) - 7);
        double rounded = Math.Round(x / unit, MidpointRounding.ToEven) * unit;
        return Math.Abs(rounded) < Math.ScaleB(1, 128) ? rounded : Math.CopySign(double.PositiveInfinity, x);
    }
}
