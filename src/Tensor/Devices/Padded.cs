using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>A number two cache lines from the next one, so that threads that write their own do not disturb each other.</summary>
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal struct Padded<T>
    where T : unmanaged
{
    public T Value;
}
