using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>
/// The processors that this process may use, and which one a thread runs on. Linux wakes a thread near its waker, often on the very same processor, where the two
/// take turns at half the speed until the scheduler looks again some milliseconds later; so a worker looks for itself. On other systems nothing is known, and nothing done.
/// </summary>
internal static unsafe partial class Processors
{
    private const int WordBits = 64;
    private const int MaskWords = 1024 / WordBits;
    private const nuint MaskBytes = MaskWords * sizeof(ulong);

    /// <summary>Their numbers; none where the system does not tell.</summary>
    public static int[] Allowed { get; } = FindAllowed();

    /// <summary>The one that the calling thread runs on; ask only where <see cref="Allowed"/> has any.</summary>
    public static int Current => GetProcessor();

    /// <summary>Moves the calling thread there, at once. It stays free to be moved on by the system.</summary>
    public static void MoveTo(int processor)
    {
        ulong* mask = stackalloc ulong[MaskWords];
        ulong* all = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        mask[processor / WordBits] = 1UL << (processor % WordBits);
        if (GetAffinity(0, MaskBytes, all) >= 0 && SetAffinity(0, MaskBytes, mask) == 0)
        {
            _ = SetAffinity(0, MaskBytes, all);
        }
    }

    private static int[] FindAllowed()
    {
        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        return OperatingSystem.IsLinux() && GetAffinity(0, MaskBytes, mask) >= 0
            ? [.. Numbers(new ReadOnlySpan<ulong>(mask, MaskWords))]
            : [];
    }

    private static List<int> Numbers(ReadOnlySpan<ulong> mask)
    {
        var numbers = new List<int>();
        for (int number = 0; number < mask.Length * WordBits; number++)
        {
            if ((mask[number / WordBits] >> (number % WordBits) & 1) != 0)
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SuppressGCTransition]
    private static partial int GetProcessor();

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int GetAffinity(int thread, nuint bytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetAffinity(int thread, nuint bytes, ulong* mask);
}
