namespace TinyLM.Tests;

public static partial class Reference
{
    /// <summary>The rows of the tails in a pass over all tokens. The queries of other tokens do not matter; they are 0.</summary>
    public static Matrix AttentionTail(Matrix q, DocumentOffsets queries, Matrix kv, DocumentOffsets offsets, AttentionShape shape) =>
        Tails(Attention(Join(q, queries, kv, offsets), offsets, shape), queries, offsets, shape.QueryWidth);

    /// <summary>Of q and kv: those of a pass over all tokens where the other rows' upstream gradient is 0.</summary>
    public static Matrix[] AttentionTailGradient(
        Matrix q, DocumentOffsets queries, Matrix kv, DocumentOffsets offsets, AttentionShape shape, Matrix dy)
    {
        Matrix upstream = Join(dy, queries, new Matrix(kv.Rows, 0), offsets);
        Matrix gradient = AttentionGradient(Join(q, queries, kv, offsets), offsets, shape, upstream)[0];
        return [Tails(gradient, queries, offsets, shape.QueryWidth), Columns(gradient, shape.QueryWidth, kv.Columns)];
    }

    /// <summary>An op on each of the first heads of a row by itself; the columns after them stay.</summary>
    public static Matrix OfHeads(Matrix x, int headCount, int headSize, Func<Matrix, Matrix> op)
    {
        Matrix y = x.Clone();
        for (int head = 0; head < headCount; head++)
        {
            Place(op(Columns(x, head * headSize, headSize)), y, head * headSize);
        }

        return y;
    }

    /// <summary>Of x, and the sums over the heads of the gradients of what they share.</summary>
    public static Matrix[] OfHeadsGradient(Matrix x, int headCount, int headSize, Matrix dy, Func<Matrix, Matrix, Matrix[]> gradient)
    {
        Matrix dx = dy.Clone();
        Matrix[] shared = [];
        for (int head = 0; head < headCount; head++)
        {
            Matrix[] all = gradient(Columns(x, head * headSize, headSize), Columns(dy, head * headSize, headSize));
            Place(all[0], dx, head * headSize);
            shared = head == 0 ? all[1..] : [.. shared.Zip(all[1..], Add)];
        }

        return [dx, .. shared];
    }

    /// <summary>[tokens, left and right columns]: the rows of the tails before those of all tokens, and zeros where there is no row.</summary>
    private static Matrix Join(Matrix tails, DocumentOffsets queries, Matrix all, DocumentOffsets offsets)
    {
        var joined = new Matrix(offsets.TokenCount, tails.Columns + all.Columns);
        Place(all, joined, tails.Columns);
        for (int row = 0; row < tails.Rows; row++)
        {
            for (int column = 0; column < tails.Columns; column++)
            {
                joined[Token(row, queries, offsets), column] = tails[row, column];
            }
        }

        return joined;
    }

    private static Matrix Tails(Matrix all, DocumentOffsets queries, DocumentOffsets offsets, int columns)
    {
        var tails = new Matrix(queries.TokenCount, columns);
        for (int row = 0; row < tails.Rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                tails[row, column] = all[Token(row, queries, offsets), column];
            }
        }

        return tails;
    }

    private static int Token(int row, DocumentOffsets queries, DocumentOffsets offsets)
    {
        int document = 0;
        while (queries.Starts[document + 1] <= row)
        {
            document++;
        }

        return offsets.Starts[document + 1] - (queries.Starts[document + 1] - row);
    }

    private static Matrix Columns(Matrix x, int first, int count)
    {
        var part = new Matrix(x.Rows, count);
        for (int row = 0; row < x.Rows; row++)
        {
            for (int column = 0; column < count; column++)
            {
                part[row, column] = x[row, first + column];
            }
        }

        return part;
    }

    private static void Place(Matrix part, Matrix whole, int first)
    {
        for (int row = 0; row < part.Rows; row++)
        {
            for (int column = 0; column < part.Columns; column++)
            {
                whole[row, first + column] = part[row, column];
            }
        }
    }
}
