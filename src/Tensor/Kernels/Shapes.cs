namespace TinyLM;

/// <summary>The shape checks of the kernels, made once, at the public boundary.</summary>
public static class Shapes
{
    /// <summary>Throws unless <paramref name="tensor"/> is [rows, columns].</summary>
    public static void Check(string op, string operand, Tensor tensor, int rows, int columns)
    {
        if (tensor.Rows != rows || tensor.Columns != columns)
        {
            throw new ArgumentException($"{op}: {operand} is {tensor.Describe()}, expected [{rows}, {columns}].");
        }
    }

    /// <summary>As <see cref="Check"/>, but none is welcome.</summary>
    public static void CheckOptional(string op, string operand, Tensor tensor, int rows, int columns)
    {
        if (!tensor.IsNone)
        {
            Check(op, operand, tensor, rows, columns);
        }
    }

    public static void CheckLength(string op, string operand, IndexTensor indices, int length)
    {
        if (indices.Length != length)
        {
            throw new ArgumentException($"{op}: {indices.Length} {operand}, expected {length}, one a row.");
        }
    }

    /// <summary>Throws unless every index lies in [smallest, count).</summary>
    public static void CheckRange(string op, string operand, IndexTensor indices, int count, int smallest = 0)
    {
        if (indices.Length > 0 && (indices.Smallest < smallest || indices.Largest >= count))
        {
            int seen = indices.Largest >= count ? indices.Largest : indices.Smallest;
            throw new ArgumentOutOfRangeException(operand, $"{op}: {operand} {seen} is outside {smallest} … {count - 1}.");
        }
    }
}
