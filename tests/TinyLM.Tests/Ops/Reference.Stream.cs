using TinyLM.Tests.Kernels;

namespace TinyLM.Tests;

public static partial class Reference
{
    public static Matrix Embedding(Matrix table, int[] ids)
    {
        var y = new Matrix(ids.Length, table.Columns);
        for (int token = 0; token < ids.Length; token++)
        {
            for (int column = 0; column < table.Columns; column++)
            {
                y[token, column] = table[ids[token], column];
            }
        }

        return y;
    }

    public static Matrix[] EmbeddingGradient(Matrix table, int[] ids, Matrix dy)
    {
        var dtable = new Matrix(table.Rows, table.Columns);
        for (int token = 0; token < ids.Length; token++)
        {
            for (int column = 0; column < table.Columns; column++)
            {
                dtable[ids[token], column] += dy[token, column];
            }
        }

        return [dtable];
    }

    /// <summary>
    /// In each of the first heads, the pair (i, i + size/2) turns by position / scale · base^(-2i/size), where size is the head's or, for its
    /// first columns alone, <paramref name="rotarySize"/>; the inverse turns back.
    /// </summary>
    public static Matrix Rotary(
        Matrix x, ReadOnlySpan<int> positions, int headCount, int headSize, double @base, bool inverse = false, int rotarySize = 0, double scale = 1)
    {
        Matrix y = x.Clone();
        int size = rotarySize == 0 ? headSize : rotarySize;
        for (int token = 0; token < x.Rows; token++)
        {
            for (int head = 0; head < headCount; head++)
            {
                for (int i = 0; i < size / 2; i++)
                {
                    double angle = positions[token] / scale * Math.Pow(@base, -2.0 * i / size) * (inverse ? -1 : 1);
                    int first = head * headSize + i, second = first + size / 2;
                    y[token, first] = x[token, first] * Math.Cos(angle) - x[token, second] * Math.Sin(angle);
                    y[token, second] = x[token, first] * Math.Sin(angle) + x[token, second] * Math.Cos(angle);
                }
            }
        }

        return y;
    }

    public static Matrix Attention(Matrix qkv, DocumentOffsets offsets, AttentionShape shape) =>
        new(qkv.Rows, shape.QueryWidth, AttentionReference.Forward(qkv.Values, offsets, shape).Y);

    public static Matrix[] AttentionGradient(Matrix qkv, DocumentOffsets offsets, AttentionShape shape, Matrix dy) =>
        [new(qkv.Rows, qkv.Columns, AttentionReference.Backward(qkv.Values, dy.Values, offsets, shape))];
}
