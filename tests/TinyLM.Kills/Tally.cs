namespace TinyLM.Kills;

/// <summary>What has happened to the runs so far.</summary>
internal sealed class Tally
{
    /// <summary>SIGKILLs.</summary>
    public int Kills { get; set; }

    /// <summary>Of these, how many left half a checkpoint behind.</summary>
    public int InCheckpoint { get; set; }

    /// <summary>How many came before the first checkpoint was whole.</summary>
    public int BeforeFirst { get; set; }

    /// <summary>How many came after the last step, while the run was scored or written down.</summary>
    public int AfterLast { get; set; }

    /// <summary>SIGTERMs, each of which must end in a checkpoint and exit code 0.</summary>
    public int Terminations { get; set; }

    /// <summary>Runs that came to their end.</summary>
    public int Finished { get; set; }

    /// <summary>One line each; none is expected.</summary>
    public List<string> Failures { get; } = [];
}
