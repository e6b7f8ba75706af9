namespace TinyLM;

/// <summary>A job of a <see cref="WorkerTeam"/> in phases: all shares of one are done before the next begins.</summary>
internal interface IPhasedJob
{
    int Phases { get; }

    /// <summary>Does one share of a phase, on whichever thread.</summary>
    void Run(int worker, int phase);
}
