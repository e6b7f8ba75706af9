namespace TinyLM;

/// <summary>What a probe has found.</summary>
public enum AuditVerdict
{
    Passed,
    Failed,

    /// <summary>It could not be tried, or not in reasonable time: neither right nor wrong is shown.</summary>
    Undecided,
}
