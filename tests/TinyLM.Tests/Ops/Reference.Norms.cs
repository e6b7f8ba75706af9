namespace TinyLM.Tests;

public static partial class Reference
{
    /// <summary>x / √(mean(x²) + ε) · gain, row by row.</summary>
    public static Matrix RmsNorm(Matrix x, Matrix? gain, double epsilon)
    {
        var y = new Matrix(x.Rows, x.Columns);
        for (int row = 0; row < x.Rows; row++)
        {
            double inverse = InverseRms(x, row, 0, epsilon);
            for (int column = 0; column < x.Columns; column++)
            {
                y[row, column] = x[row, column] * inverse * (gain?[0, column] ?? 1);
            }
        }

        return y;
    }

    /// <summary>Of x and gain. With r = 1/√(mean(x²) + ε): ∂r/∂x = -r³·x/n.</summary>
    public static Matrix[] RmsNormGradient(Matrix x, Matrix? gain, double epsilon, Matrix dy)
    {
        Matrix dx = new(x.Rows, x.Columns), dgain = new(1, x.Columns);
        for (int row = 0; row < x.Rows; row++)
        {
            double inverse = InverseRms(x, row, 0, epsilon), weighted = 0;
            for (int column = 0; column < x.Columns; column++)
            {
                weighted += dy[row, column] * (gain?[0, column] ?? 1) * x[row, column];
                dgain[0, column] += dy[row, column] * x[row, column] * inverse;
            }

            for (int column = 0; column < x.Columns; column++)
            {
                double direct = dy[row, column] * (gain?[0, column] ?? 1) * inverse;
                dx[row, column] = direct - weighted * inverse * inverse * inverse * x[row, column] / x.Columns;
            }
        }

        return [dx, dgain];
    }

    /// <summary>(x - mean) / √(variance + ε) · gain + bias, row by row.</summary>
    public static Matrix LayerNorm(Matrix x, Matrix? gain, Matrix? bias, double epsilon)
    {
        var y = new Matrix(x.Rows, x.Columns);
        for (int row = 0; row < x.Rows; row++)
        {
            double mean = Mean(x, row), inverse = InverseRms(x, row, mean, epsilon);
            for (int column = 0; column < x.Columns; column++)
            {
                y[row, column] = (x[row, column] - mean) * inverse * (gain?[0, column] ?? 1) + (bias?[0, column] ?? 0);
            }
        }

        return y;
    }

    /// <summary>Of x, gain and bias.</summary>
    public static Matrix[] LayerNormGradient(Matrix x, Matrix? gain, double epsilon, Matrix dy)
    {
        Matrix dx = new(x.Rows, x.Columns), dgain = new(1, x.Columns);
        for (int row = 0; row < x.Rows; row++)
        {
            double mean = Mean(x, row), inverse = InverseRms(x, row, mean, epsilon), sum = 0, product = 0;
            for (int column = 0; column < x.Columns; column++)
            {
                double normed = (x[row, column] - mean) * inverse, weighted = dy[row, column] * (gain?[0, column] ?? 1);
                dgain[0, column] += dy[row, column] * normed;
                sum += weighted;
                product += weighted * normed;
            }

            for (int column = 0; column < x.Columns; column++)
            {
                double normed = (x[row, column] - mean) * inverse, weighted = dy[row, column] * (gain?[0, column] ?? 1);
                dx[row, column] = inverse * (weighted - sum / x.Columns - normed * product / x.Columns);
            }
        }

        return [dx, dgain, ColumnSums(dy)];
    }

    private static double Mean(Matrix x, int row)
    {
        double sum = 0;
        for (int column = 0; column < x.Columns; column++)
        {
            sum += x[row, column];
        }

        return sum / x.Columns;
    }

    private static double InverseRms(Matrix x, int row, double center, double epsilon)
    {
        double squares = 0;
        for (int column = 0; column < x.Columns; column++)
        {
            squares += (x[row, column] - center) * (x[row, column] - center);
        }

        return 1 / Math.Sqrt(squares / x.Columns + epsilon);
    }
}
