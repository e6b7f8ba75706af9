namespace TinyLM.Tests;

public static partial class Reference
{
    public static Matrix Transpose(Matrix x)
    {
        var y = new Matrix(x.Columns, x.Rows);
        for (int row = 0; row < x.Rows; row++)
        {
            for (int column = 0; column < x.Columns; column++)
            {
                y[column, row] = x[row, column];
            }
        }

        return y;
    }

    /// <summary>Of each column within each document.</summary>
    public static Matrix Reduce(ReductionKind kind, Matrix x, DocumentOffsets offsets)
    {
        var y = new Matrix(offsets.DocumentCount, x.Columns);
        for (int document = 0; document < y.Rows; document++)
        {
            for (int column = 0; column < x.Columns; column++)
            {
                double[] values = Column(x, offsets, document, column);
                double largest = values.Max();
                y[document, column] = kind switch
                {
                    ReductionKind.Sum => values.Sum(),
                    ReductionKind.Mean => values.Average(),
                    ReductionKind.Max => largest,
                    _ => largest + Math.Log(values.Sum(value => Math.Exp(value - largest))),
                };
            }
        }

        return y;
    }

    public static Matrix[] ReduceGradient(ReductionKind kind, Matrix x, DocumentOffsets offsets, Matrix dy)
    {
        Matrix dx = new(x.Rows, x.Columns), y = Reduce(kind, x, offsets);
        for (int document = 0; document < y.Rows; document++)
        {
            int start = offsets.Starts[document];
            for (int column = 0; column < x.Columns; column++)
            {
                double[] values = Column(x, offsets, document, column);
                int largest = Array.IndexOf(values, values.Max());
                for (int i = 0; i < values.Length; i++)
                {
                    dx[start + i, column] = dy[document, column] * kind switch
                    {
                        ReductionKind.Sum => 1,
                        ReductionKind.Mean => 1.0 / values.Length,
                        ReductionKind.Max => i == largest ? 1 : 0,
                        _ => Math.Exp(values[i] - y[document, column]),
                    };
                }
            }
        }

        return [dx];
    }

    /// <summary>Of each row, or its logarithm.</summary>
    public static Matrix Softmax(Matrix x, bool logarithm)
    {
        var y = new Matrix(x.Rows, x.Columns);
        for (int row = 0; row < x.Rows; row++)
        {
            double logSumExp = LogSumExp(x, row);
            for (int column = 0; column < x.Columns; column++)
            {
                y[row, column] = logarithm ? x[row, column] - logSumExp : Math.Exp(x[row, column] - logSumExp);
            }
        }

        return y;
    }

    public static Matrix[] SoftmaxGradient(Matrix x, bool logarithm, Matrix dy)
    {
        Matrix p = Softmax(x, logarithm: false), dx = new(x.Rows, x.Columns);
        for (int row = 0; row < x.Rows; row++)
        {
            double sum = 0;
            for (int column = 0; column < x.Columns; column++)
            {
                sum += dy[row, column] * (logarithm ? 1 : p[row, column]);
            }

            for (int column = 0; column < x.Columns; column++)
            {
                dx[row, column] = logarithm ? dy[row, column] - p[row, column] * sum : p[row, column] * (dy[row, column] - sum);
            }
        }

        return [dx];
    }

    /// <summary>The k largest of each row and, as numbers, their columns; equals by their column.</summary>
    public static Matrix[] TopK(Matrix x, int count)
    {
        Matrix values = new(x.Rows, count), columns = new(x.Rows, count);
        for (int row = 0; row < x.Rows; row++)
        {
            int[] order = [.. Enumerable.Range(0, x.Columns).OrderByDescending(column => x[row, column]).ThenBy(column => column)];
            for (int i = 0; i < count; i++)
            {
                (values[row, i], columns[row, i]) = (x[row, order[i]], order[i]);
            }
        }

        return [values, columns];
    }

    public static Matrix ColumnRange(Matrix x, int start, int count)
    {
        var y = new Matrix(x.Rows, count);
        for (int row = 0; row < x.Rows; row++)
        {
            for (int column = 0; column < count; column++)
            {
                y[row, column] = x[row, start + column];
            }
        }

        return y;
    }

    /// <summary>The opposite: zeros, but for the columns from <paramref name="start"/> on.</summary>
    public static Matrix ColumnRangeGradient(Matrix dy, int start, int columns)
    {
        var dx = new Matrix(dy.Rows, columns);
        for (int row = 0; row < dy.Rows; row++)
        {
            for (int column = 0; column < dy.Columns; column++)
            {
                dx[row, start + column] = dy[row, column];
            }
        }

        return dx;
    }

    public static Matrix RowRange(Matrix x, int start, int count) => Transpose(ColumnRange(Transpose(x), start, count));

    public static Matrix RowRangeGradient(Matrix dy, int start, int rows) => Transpose(ColumnRangeGradient(Transpose(dy), start, rows));

    public static Matrix AppendRows(Matrix a, Matrix b) => new(a.Rows + b.Rows, a.Columns, a.Values.Concat(b.Values));

    public static Matrix AppendColumns(Matrix a, Matrix b) => Transpose(AppendRows(Transpose(a), Transpose(b)));

    /// <summary>x / (1 - p), and 0 where the 32 bits of an element's place lie below p · 2³².</summary>
    public static Matrix Dropout(Matrix x, double probability, Philox random, ulong counter)
    {
        var y = new Matrix(x.Rows, x.Columns);
        for (int i = 0; i < x.Values.Length; i++)
        {
            var (bits0, bits1, bits2, bits3) = random.Block(counter + (ulong)(i / 4));
            uint bits = (i % 4) switch { 0 => bits0, 1 => bits1, 2 => bits2, _ => bits3 };
            y.Values[i] = bits < probability * 4294967296.0 ? 0 : x.Values[i] / (1 - probability);
        }

        return y;
    }

    /// <summary>Each part from its column on, zeros elsewhere.</summary>
    public static Matrix PlaceColumns(Matrix[] parts, int[] starts, int columns)
    {
        var y = new Matrix(parts[0].Rows, columns);
        for (int part = 0; part < parts.Length; part++)
        {
            for (int row = 0; row < y.Rows; row++)
            {
                for (int column = 0; column < parts[part].Columns; column++)
                {
                    y[row, starts[part] + column] = parts[part][row, column];
                }
            }
        }

        return y;
    }

    public static Matrix MergeRows(Matrix x, int[] rows, int[] places, Matrix other, int[] otherRows, int[] otherPlaces)
    {
        var y = new Matrix(rows.Length + otherRows.Length, x.Columns);
        for (int column = 0; column < x.Columns; column++)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                y[places[i], column] = x[rows[i], column];
            }

            for (int i = 0; i < otherRows.Length; i++)
            {
                y[otherPlaces[i], column] = other[otherRows[i], column];
            }
        }

        return y;
    }

    /// <summary>The tokens of each document times its own matrix, transposed.</summary>
    public static Matrix SegmentMatMul(Matrix x, Matrix w, DocumentOffsets offsets)
    {
        var y = new Matrix(x.Rows, w.Rows / offsets.DocumentCount);
        for (int document = 0; document < offsets.DocumentCount; document++)
        {
            int start = offsets.Starts[document];
            Matrix part = Product(RowRange(x, start, offsets.LengthOf(document)), false, RowRange(w, document * y.Columns, y.Columns), true);
            part.Values.CopyTo(y.Values, start * y.Columns);
        }

        return y;
    }

    public static Matrix[] SegmentMatMulGradient(Matrix x, Matrix w, DocumentOffsets offsets, Matrix dy)
    {
        Matrix dx = new(x.Rows, x.Columns), dw = new(w.Rows, w.Columns);
        for (int document = 0; document < offsets.DocumentCount; document++)
        {
            int start = offsets.Starts[document], length = offsets.LengthOf(document);
            Matrix upstream = RowRange(dy, start, length);
            Product(upstream, false, RowRange(w, document * dy.Columns, dy.Columns), false).Values.CopyTo(dx.Values, start * x.Columns);
            Product(upstream, true, RowRange(x, start, length), false).Values.CopyTo(dw.Values, document * dy.Columns * w.Columns);
        }

        return [dx, dw];
    }

    private static double[] Column(Matrix x, DocumentOffsets offsets, int document, int column) =>
        [.. Enumerable.Range(offsets.Starts[document], offsets.LengthOf(document)).Select(row => x[row, column])];
}
