namespace TinyLM;

/// <summary>What an epoch decides about rows.</summary>
/// <param name="Offset">In [0, 1): how much of the first context is skipped (rows) or how much shorter a cut document's first piece is.</param>
/// <param name="Of">The numbers from 0 to one less than a number of rows, in the epoch's order.</param>
/// <param name="KeepsTail">Whether tokens that fill no row, and rows that fill no step, are kept.</param>
internal sealed record PlanOrder(double Offset, Func<int, int[]> Of, bool KeepsTail);
