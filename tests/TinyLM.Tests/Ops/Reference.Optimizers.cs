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

    /// <summary>New values and momentum.</summary>
    public static Matrix[] Muon(
        Matrix values, Matrix gradients, Matrix momentum, MuonRule rule, double learningRate, double weightDecay, double gradientScale)
    {
        Matrix scaled = gradients.Map(gradient => gradientScale * gradient);
        Matrix newMomentum = momentum.Zip(scaled, Average);
        Matrix update = NewtonSchulz(rule.Nesterov ? newMomentum.Zip(scaled, Average) : newMomentum, rule.Orthogonalization);
        double rate = learningRate * Math.Sqrt(Math.Max(1, (double)values.Rows / values.Columns));
        return [values.Zip(update, (value, direction) => (1 - learningRate * weightDecay) * value - rate * direction), newMomentum];

        double Average(double old, double gradient) => rule.Momentum * old + (1 - rule.Momentum) * gradient;
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
