using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>A register of one thread holds its bits in a ulong, zero-extended; these read and write it as a type.</summary>
internal static unsafe class PtxLane
{
    /// <summary>Threads in a warp.</summary>
    public const int Count = 32;

    /// <summary>What unwritten registers and undefined results hold: a NaN as float32 and as float64, a wild index.</summary>
    public const ulong Poison = 0x7FF8_DEAD_7FC0_DEAD;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Get<T>(ulong bits)
        where T : unmanaged => sizeof(T) switch
        {
            1 => Unsafe.BitCast<byte, T>((byte)bits),
            2 => Unsafe.BitCast<ushort, T>((ushort)bits),
            4 => Unsafe.BitCast<uint, T>((uint)bits),
            _ => Unsafe.BitCast<ulong, T>(bits),
        };

    /// <summary>The bits of a value in a register that may be wider: signed integers keep their sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Extend<T>(T value)
        where T : unmanaged => typeof(T) == typeof(sbyte) ? (ulong)Unsafe.BitCast<T, sbyte>(value)
            : typeof(T) == typeof(short) ? (ulong)Unsafe.BitCast<T, short>(value)
            : typeof(T) == typeof(int) ? (ulong)Unsafe.BitCast<T, int>(value)
            : Put(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Put<T>(T value)
        where T : unmanaged => sizeof(T) switch
        {
            1 => Unsafe.BitCast<T, byte>(value),
            2 => Unsafe.BitCast<T, ushort>(value),
            4 => Unsafe.BitCast<T, uint>(value),
            _ => Unsafe.BitCast<T, ulong>(value),
        };
}
