using System.Numerics;

namespace TinyLM;

/// <summary>What a warp's request costs a GPU's memory system.</summary>
internal static unsafe class MemoryCost
{
    public const int SectorBytes = 32;
    private const int BankCount = 32;
    private const int BankBytes = 4;

    /// <summary>The 32-byte sectors that a request touches: 4 where 32 lanes read adjacent floats, up to 32 where they are scattered.</summary>
    public static int Sectors(byte** pointers, uint lanes)
    {
        ulong* seen = stackalloc ulong[PtxLane.Count];
        int count = 0;
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            // An aligned access of at most 16 bytes lies in one sector.
            ulong sector = (ulong)pointers[BitOperations.TrailingZeroCount(rest)] / SectorBytes;
            int index = count - 1;
            while (index >= 0 && seen[index] != sector)
            {
                index--;
            }

            if (index < 0)
            {
                seen[count++] = sector;
            }
        }

        return count;
    }

    /// <summary>
    /// Extra passes through shared memory: lanes that want different words of one bank take turns. Wide accesses go through in
    /// parts of 128 bytes, which are no conflicts.
    /// </summary>
    public static int BankConflicts(byte** pointers, uint lanes, byte* start, int bytes)
    {
        int wordsPerLane = Math.Max(bytes / BankBytes, 1);
        int lanesPerPart = BankCount / wordsPerLane;
        int conflicts = 0;
        int* words = stackalloc int[BankCount];
        int* passes = stackalloc int[BankCount];
        for (int part = 0; part < PtxLane.Count; part += lanesPerPart)
        {
            uint visited = 0;
            int most = 1;
            for (int lane = part; lane < part + lanesPerPart; lane++)
            {
                if ((lanes >> lane & 1) == 0)
                {
                    continue;
                }

                int first = (int)(pointers[lane] - start) / BankBytes;
                for (int word = first; word < first + wordsPerLane; word++)
                {
                    int bank = word % BankCount;
                    if ((visited >> bank & 1) == 0)
                    {
                        (words[bank], passes[bank]) = (word, 1);
                        visited |= 1u << bank;
                    }
                    else if (words[bank] != word && !WantedBefore(pointers, lanes, start, part, lane, wordsPerLane, word))
                    {
                        most = Math.Max(most, ++passes[bank]);
                    }
                }
            }

            conflicts += most - 1;
        }

        return conflicts;
    }

    private static bool WantedBefore(byte** pointers, uint lanes, byte* start, int from, int to, int wordsPerLane, int word)
    {
        for (int lane = from; lane < to; lane++)
        {
            int first = (lanes >> lane & 1) != 0 ? (int)(pointers[lane] - start) / BankBytes : int.MaxValue;
            if (word >= first && word - first < wordsPerLane)
            {
                return true;
            }
        }

        return false;
    }
}
