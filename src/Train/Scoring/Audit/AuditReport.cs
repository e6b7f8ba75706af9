namespace TinyLM;

/// <summary>What an audit has found.</summary>
/// <param name="Scorer">Name of the scorer.</param>
/// <param name="Findings">One a probe.</param>
/// <param name="Calls">How often the scorer was called.</param>
/// <param name="Targets">How many targets it was given in all.</param>
/// <param name="Seconds">The time that the audit took.</param>
public sealed record AuditReport(string Scorer, IReadOnlyList<AuditFinding> Findings, int Calls, long Targets, double Seconds)
{
    /// <summary>Whether every probe was tried and passed.</summary>
    public bool Passed => Findings.All(finding => finding.Verdict == AuditVerdict.Passed);

    /// <summary>The probes that failed.</summary>
    public IEnumerable<AuditFinding> Failures => Findings.Where(finding => finding.Verdict == AuditVerdict.Failed);
}
