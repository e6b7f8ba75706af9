namespace TinyLM;

/// <summary>What one probe has found about a scorer.</summary>
/// <param name="Condition">1 to 4 of parameter-golf's issue 1017; 0 for one of our own.</param>
/// <param name="Probe">Its name.</param>
/// <param name="Question">What it asks.</param>
/// <param name="Verdict">The answer.</param>
/// <param name="Detail">What was looked at, or the counter-example that broke it: document, place, values, by how much.</param>
public sealed record AuditFinding(int Condition, string Probe, string Question, AuditVerdict Verdict, string Detail);
