using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>A number far from all others in memory, so that threads that write their own do not disturb each other.</summary>
internal struct Padded<T>
    where T : unmanaged
{
    public T Value;
#pragma warning disable CS0169, IDE0051 // It is there to take room.
    private readonly Room _room;
#pragma warning restore CS0169, IDE0051

    [InlineArray(15)]
    private struct Room
    {
        private long _first;
    }
}
