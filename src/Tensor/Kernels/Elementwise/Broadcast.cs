namespace TinyLM;

/// <summary>How the elements of two operands meet: the shape of the result, and how far each operand moves with its rows and columns.</summary>
internal readonly struct Broadcast
{
    public readonly int Rows, Columns;

    /// <summary>From a row, and from a column, to the next: 0 where the operand has only one.</summary>
    public readonly int RowStepA, ColumnStepA, RowStepB, ColumnStepB;

    private Broadcast(int rows, int columns, Tensor a, Tensor b)
    {
        (Rows, Columns) = (rows, columns);
        (RowStepA, ColumnStepA) = Steps(a);
        (RowStepB, ColumnStepB) = Steps(b);
    }

    /// <summary>Both operands have the shape of the result.</summary>
    public bool IsPlain => RowStepA == Columns && RowStepB == Columns && ColumnStepA == ColumnStepB;

    /// <exception cref="ArgumentException">A dimension has two sizes, neither of them 1.</exception>
    public static Broadcast Of<TOp>(Tensor a, Tensor b)
    {
        if (!Meet(a.Rows, b.Rows) || !Meet(a.Columns, b.Columns))
        {
            throw new ArgumentException(
                $"{typeof(TOp).Name}: b is {b.Describe()}, expected [{a.Rows}, {a.Columns}], the shape of {a.Describe()}, or 1 in place of a size on either side.");
        }

        return new Broadcast(Math.Max(a.Rows, b.Rows), Math.Max(a.Columns, b.Columns), a, b);
    }

    private static bool Meet(int left, int right) => left == right || left == 1 || right == 1;

    private (int Row, int Column) Steps(Tensor tensor)
    {
        int column = tensor.Columns == Columns ? 1 : 0;
        return (tensor.Rows == Rows ? tensor.Columns : 0, column);
    }
}
