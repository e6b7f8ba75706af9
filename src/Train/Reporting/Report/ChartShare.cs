namespace TinyLM;

/// <summary>A part of a whole.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Style">Its CSS class, which gives its colour.</param>
/// <param name="Share">From 0 to 1.</param>
internal sealed record ChartShare(string Name, string Style, double Share);
