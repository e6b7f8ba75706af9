namespace TinyLM;

/// <summary>The score of a document, or of several together.</summary>
/// <param name="Targets">How many were scored; may be 0.</param>
/// <param name="Bytes">UTF-8 bytes of those targets; 0 where they are not known.</param>
/// <param name="Nats">The sum of their negative log-likelihoods.</param>
public readonly record struct DocumentScore(long Targets, long Bytes, double Nats)
{
    /// <summary>Nats a target; NaN without any.</summary>
    public double Loss => Targets > 0 ? Nats / Targets : double.NaN;

    /// <summary>Bits a byte; NaN without any.</summary>
    public double BitsPerByte => Bytes > 0 ? Nats / Math.Log(2) / Bytes : double.NaN;

    public static DocumentScore operator +(DocumentScore a, DocumentScore b) => a.Add(b);

    public DocumentScore Add(DocumentScore other) => new(Targets + other.Targets, Bytes + other.Bytes, Nats + other.Nats);
}
