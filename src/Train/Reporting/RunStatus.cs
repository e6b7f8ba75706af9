namespace TinyLM;

/// <summary>How a run stands.</summary>
public enum RunStatus
{
    Running,

    /// <summary>Told to stop; a resume goes on.</summary>
    Stopped,

    Finished,
}
