namespace TinyLM;

/// <summary>What the memory system was asked for, counted for each request of a warp.</summary>
internal struct MemoryCounts
{
    public long GlobalRequests;
    public long GlobalSectors;
    public long SharedRequests;
    public long BankConflicts;
    public long LocalAccesses;

    public void Add(in MemoryCounts other)
    {
        GlobalRequests += other.GlobalRequests;
        GlobalSectors += other.GlobalSectors;
        SharedRequests += other.SharedRequests;
        BankConflicts += other.BankConflicts;
        LocalAccesses += other.LocalAccesses;
    }
}
