namespace TinyLM.Tests;

/// <summary>A row-major matrix of doubles: what the reference computes with.</summary>
public sealed class Matrix(int rows, int columns)
{
    public Matrix(int rows, int columns, IEnumerable<double> values) : this(rows, columns)
    {
        Values = [.. values];
    }

    public int Rows => rows;

    public int Columns => columns;

    public double[] Values { get; } = new double[rows * columns];

    public double this[int row, int column]
    {
        get => Values[row * columns + column];
        set => Values[row * columns + column] = value;
    }

    public float[] ToFloats() => Array.ConvertAll(Values, value => (float)value);

    public Matrix Clone() => new(rows, columns, Values);

    /// <summary>Element by element with another matrix of the same shape.</summary>
    public Matrix Zip(Matrix other, Func<double, double, double> combine) => new(rows, columns, Values.Zip(other.Values, combine));

    public Matrix Map(Func<double, double> function) => new(rows, columns, Values.Select(function));
}
