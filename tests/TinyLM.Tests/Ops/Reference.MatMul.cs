namespace TinyLM.Tests;

public static partial class Reference
{
    /// <summary>op(a)·op(b).</summary>
    public static Matrix Product(Matrix a, bool transposeA, Matrix b, bool transposeB)
    {
        int rows = transposeA ? a.Columns : a.Rows, depth = transposeA ? a.Rows : a.Columns;
        var c = new Matrix(rows, transposeB ? b.Rows : b.Columns);
        for (int row = 0; row < c.Rows; row++)
        {
            for (int column = 0; column < c.Columns; column++)
            {
                double sum = 0;
                for (int p = 0; p < depth; p++)
                {
                    sum += (transposeA ? a[p, row] : a[row, p]) * (transposeB ? b[column, p] : b[p, column]);
                }

                c[row, column] = sum;
            }
        }

        return c;
    }

    /// <summary>x·wᵀ, + bias and + residual where they are given.</summary>
    public static Matrix Linear(Matrix x, Matrix weight, Matrix? bias, Matrix? residual)
    {
        Matrix y = Product(x, false, weight, true);
        for (int row = 0; row < y.Rows; row++)
        {
            for (int column = 0; column < y.Columns; column++)
            {
                y[row, column] += (bias?[0, column] ?? 0) + (residual?[row, column] ?? 0);
            }
        }

        return y;
    }

    /// <summary>Of x, weight, bias and residual, in this order.</summary>
    public static Matrix[] LinearGradient(Matrix x, Matrix weight, Matrix dy) =>
        [Product(dy, false, weight, false), Product(dy, true, x, false), ColumnSums(dy), dy];

    /// <summary>The sum of the rows: [1, columns].</summary>
    public static Matrix ColumnSums(Matrix x)
    {
        var sums = new Matrix(1, x.Columns);
        for (int row = 0; row < x.Rows; row++)
        {
            for (int column = 0; column < x.Columns; column++)
            {
                sums[0, column] += x[row, column];
            }
        }

        return sums;
    }
}
