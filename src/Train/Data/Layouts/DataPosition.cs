namespace TinyLM;

/// <summary>
/// Where a run stands in its data: all that a checkpoint has to keep, since the order is a function of the seed and the epoch.
/// </summary>
/// <param name="Epoch">The pass over the data, from 0.</param>
/// <param name="Step">The next batch of that pass, from 0.</param>
public readonly record struct DataPosition(long Epoch, int Step);
