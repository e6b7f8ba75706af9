namespace TinyLM;

/// <summary>A line of a chart, or the upper edge of a filled layer.</summary>
/// <param name="Name">For the legend and the readout.</param>
/// <param name="Style">Its CSS class, which gives its colour.</param>
/// <param name="Points">In the order of x; a y that is no finite number breaks the line.</param>
internal sealed record ChartSeries(string Name, string Style, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>How far along the ramp its colour is, from 0 to 1; null for a style that is no ramp.</summary>
    public double? Ramp { get; init; }

    /// <summary>False for a line that explains itself.</summary>
    public bool InLegend { get; init; } = true;

    /// <summary>Whether its points are dots and no line joins them.</summary>
    public bool IsDots { get; init; }
}
