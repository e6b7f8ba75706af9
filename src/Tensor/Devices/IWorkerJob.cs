namespace TinyLM;

/// <summary>A job of a <see cref="WorkerTeam"/>, in as many shares as the team has members; a struct, so that a call allocates nothing.</summary>
internal interface IWorkerJob
{
    /// <summary>Does one share, on whichever thread: two shares never wait for each other.</summary>
    void Run(int worker);
}
