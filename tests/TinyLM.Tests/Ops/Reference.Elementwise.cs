namespace TinyLM.Tests;

public static partial class Reference
{
    private static readonly double RootTwoOverPi = Math.Sqrt(2 / Math.PI);

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    public static double SiluDerivative(double x) => Sigmoid(x) * (1 + x * Sigmoid(-x));

    public static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(RootTwoOverPi * (x + 0.044715 * x * x * x)));

    public static double GeluDerivative(double x)
    {
        double tanh = Math.Tanh(RootTwoOverPi * (x + 0.044715 * x * x * x));
        return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * RootTwoOverPi * (1 + 3 * 0.044715 * x * x);
    }

    /// <summary>x · Φ(x).</summary>
    public static double GeluErf(double x) => x * NormalCdf(x);

    public static double GeluErfDerivative(double x) => NormalCdf(x) + x * NormalDensity(x);

    public static double ReluSquared(double x) => x > 0 ? x * x : 0;

    public static double ReluSquaredDerivative(double x) => x > 0 ? 2 * x : 0;

    public static double TanhDerivative(double x) => 1 - Math.Tanh(x) * Math.Tanh(x);

    /// <summary>Of tanh(σ(a)·b), by a and by b.</summary>
    public static (double A, double B) TanhOfGateDerivatives(double a, double b)
    {
        double slope = TanhDerivative(Sigmoid(a) * b);
        return (slope * Sigmoid(a) * Sigmoid(-a) * b, slope * Sigmoid(a));
    }

    /// <summary>f(a, b); an operand with a single row or column serves all rows or columns.</summary>
    public static Matrix Broadcast(Matrix a, Matrix b, Func<double, double, double> value)
    {
        var y = new Matrix(Math.Max(a.Rows, b.Rows), Math.Max(a.Columns, b.Columns));
        for (int row = 0; row < y.Rows; row++)
        {
            for (int column = 0; column < y.Columns; column++)
            {
                y[row, column] = value(At(a, row, column), At(b, row, column));
            }
        }

        return y;
    }

    public static Matrix[] BroadcastGradient(Matrix a, Matrix b, Func<double, double, (double A, double B)> derivatives, Matrix dy)
    {
        Matrix da = new(a.Rows, a.Columns), db = new(b.Rows, b.Columns);
        for (int row = 0; row < dy.Rows; row++)
        {
            for (int column = 0; column < dy.Columns; column++)
            {
                var (slopeA, slopeB) = derivatives(At(a, row, column), At(b, row, column));
                da[row % a.Rows, column % a.Columns] += slopeA * dy[row, column];
                db[row % b.Rows, column % b.Columns] += slopeB * dy[row, column];
            }
        }

        return [da, db];
    }

    private static double At(Matrix x, int row, int column) => x[row % x.Rows, column % x.Columns];

    private static double NormalDensity(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    /// <summary>1/2 + ∫ of the density from 0 to x, by Simpson's rule on 400 intervals: exact to about 1e-13 for |x| up to 8.</summary>
    private static double NormalCdf(double x)
    {
        const int intervals = 400;
        double step = x / intervals, sum = NormalDensity(0) + NormalDensity(x);
        for (int i = 1; i < intervals; i++)
        {
            sum += NormalDensity(i * step) * (i % 2 == 1 ? 4 : 2);
        }

        return 0.5 + sum * step / 3;
    }
}
