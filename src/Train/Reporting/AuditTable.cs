using Spectre.Console;

namespace TinyLM;

/// <summary>What an audit has found, as people read it in a terminal.</summary>
internal static class AuditTable
{
    public static Table Of(AuditReport report)
    {
        var table = new Table().Title(Markup.Escape($"Audit of {report.Scorer}")).AddColumns("", "probe", "verdict", "what it asks, and what was found");
        foreach (AuditFinding finding in report.Findings)
        {
            string verdict = finding.Verdict switch
            {
                AuditVerdict.Passed => "[green]pass[/]",
                AuditVerdict.Failed => "[red]FAIL[/]",
                _ => "[yellow]undecided[/]",
            };
            table.AddRow(finding.Condition > 0 ? $"{finding.Condition}" : "", Markup.Escape(finding.Probe), verdict, Markup.Escape($"{finding.Question} {finding.Detail}"));
        }

        return table.Caption(FormattableString.Invariant($"{report.Calls} calls, {report.Targets:N0} targets, {report.Seconds:F1} s; 1 to 4: the conditions of parameter-golf's issue 1017"));
    }
}
