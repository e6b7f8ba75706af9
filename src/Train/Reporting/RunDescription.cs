namespace TinyLM;

/// <summary>What a run is: the head of its report.</summary>
/// <param name="Name">Its preset.</param>
/// <param name="Facts">What a reader wants to know first, each with its name: corpus, model, device.</param>
/// <param name="Config">All of its config, as JSON.</param>
/// <param name="PeakFlopsPerSecond">Of its device, measured; null where it is unknown.</param>
public sealed record RunDescription(string Name, IReadOnlyList<(string Name, string Value)> Facts, string Config, double? PeakFlopsPerSecond);
