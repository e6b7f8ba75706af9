namespace TinyLM;

/// <summary>The figures of one scoring, as they are saved.</summary>
/// <param name="Loss">Nats a target: sum of nats / number of targets.</param>
/// <param name="BitsPerByte">(sum of nats / ln 2) / (sum of the UTF-8 bytes of the scored targets); NaN where those have no bytes.</param>
/// <param name="Targets">How many there were; two scorers are compared only on the same targets.</param>
/// <param name="Seconds">The time that scoring took.</param>
public sealed record ScoreSummary(double Loss, double BitsPerByte, long Targets, double Seconds);
