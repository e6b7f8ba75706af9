using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace TinyLM;

/// <summary>How a GPU kernel that takes float32 or bfloat16 reads an element.</summary>
internal interface IElement<T>
    where T : unmanaged
{
    float Widen(T bits);
}

internal readonly struct Float32Element : IElement<float>
{
    public float Widen(float bits) => bits;
}

internal readonly struct BFloat16Element : IElement<ushort>
{
    public float Widen(ushort bits) => Interop.IntAsFloat((uint)bits << 16);
}

/// <summary>
/// How a CPU kernel that takes float32 (<c>float</c>) or bfloat16 (<c>ushort</c>) reads elements: the choice falls at compile time.
/// </summary>
internal static unsafe class Elements
{
    /// <summary>Sixteen elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load<T>(T* address)
        where T : unmanaged => typeof(T) == typeof(ushort) ? BFloat16.Load((ushort*)address) : Vector512.Load((float*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float At<T>(T* address)
        where T : unmanaged => typeof(T) == typeof(ushort) ? BFloat16.ToSingle(*(ushort*)address) : *(float*)address;

    /// <summary>Copies a row to float32, and reads none beyond its end.</summary>
    public static void Copy<T>(T* source, float* target, int count)
        where T : unmanaged
    {
        int i = 0;
        for (; i + VectorLane.Width <= count; i += VectorLane.Width)
        {
            Load(source + i).Store(target + i);
        }

        for (; i < count; i++)
        {
            target[i] = At(source + i);
        }
    }
}
