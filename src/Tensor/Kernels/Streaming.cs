using System.Runtime.Intrinsics.X86;

namespace TinyLM;

/// <summary>
/// Results written past the caches (non-temporal stores). One that is larger than the caches would have left them before anyone reads it; written through them, each
/// of its lines is first read from memory for nothing, and pushes out what is still needed.
/// </summary>
internal static unsafe class Streaming
{
    /// <summary>Bytes from which it pays; measured with training steps of 4,096 tokens and width 384, whose largest results have 25 MB, on 32 MB of third-level cache.</summary>
    private const long Least = 8 << 20;
    private const nuint CacheLine = 64;

    /// <summary>Whether a kernel that writes each vector of the result once should stream it.</summary>
    public static bool Pays(Tensor result) => result.Length * sizeof(float) >= Least && (nuint)result.Pointer % CacheLine == 0;

    /// <summary>Makes what the calling thread has streamed visible to the other threads; call it before a job ends.</summary>
    public static void Fence()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
    }
}
