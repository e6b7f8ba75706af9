namespace TinyLM;

/// <summary>What one point of a sweep's grid came to, over all its seeds.</summary>
/// <param name="Settings">The fields that vary over the grid, as <c>path=value</c>.</param>
/// <param name="Losses">By seed, in nats a token; NaN for a run that diverged.</param>
/// <param name="Seconds">Training time of a run, the mean.</param>
public sealed record SweepRow(IReadOnlyList<string> Settings, IReadOnlyList<double> Losses, double Seconds)
{
    /// <summary>NaN if any run diverged.</summary>
    public double Mean => Losses.Average();

    /// <summary>Of a seed's loss, estimated from these seeds; NaN for one seed.</summary>
    public double Deviation => Math.Sqrt(Losses.Sum(loss => (loss - Mean) * (loss - Mean)) / (Losses.Count - 1));
}
