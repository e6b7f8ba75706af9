namespace TinyLM;

/// <summary>What an epoch decides about rows.</summary>
/// <param name="Offset">In [0, 1): how much of the first context is skipped (rows) or how much shorter a cut document's first piece is.</param>
/// <param name="Shuffle">Puts rows into the epoch's order; null leaves them in their own.</param>
/// <param name="KeepsTail">Whether tokens that fill no row, and rows that fill no step, are kept.</param>
internal sealed record PlanOrder(double Offset, Action<int[]>? Shuffle, bool KeepsTail)
{
    /// <summary>The numbers 0 … <paramref name="count"/> - 1 in the epoch's order.</summary>
    public int[] Of(int count)
    {
        var rows = new int[count];
        for (int row = 0; row < count; row++)
        {
            rows[row] = row;
        }

        Shuffle?.Invoke(rows);
        return rows;
    }
}
