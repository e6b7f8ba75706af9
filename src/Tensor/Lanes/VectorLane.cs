using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TinyLM;

/// <summary>Sixteen floats: what a step of a CPU kernel computes with (two or four registers where the CPU has no AVX-512).</summary>
public readonly unsafe struct VectorLane : ILane<VectorLane>
{
    /// <summary>Floats in a lane.</summary>
    public const int Width = 16;

    public readonly Vector512<float> Value;

    public VectorLane(Vector512<float> value)
    {
        Value = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator +(VectorLane left, VectorLane right) => new(left.Value + right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator -(VectorLane left, VectorLane right) => new(left.Value - right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator *(VectorLane left, VectorLane right) => new(left.Value * right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator /(VectorLane left, VectorLane right) => new(left.Value / right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator -(VectorLane value) => new(-value.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Constant(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Exp(VectorLane x) => new(VectorMath.Exp(x.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Log(VectorLane x) => new(Vector512.Log(x.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Sqrt(VectorLane x) => new(Vector512.Sqrt(x.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane SelectGreater(VectorLane left, VectorLane right, VectorLane greater, VectorLane otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(left.Value, right.Value), greater.Value, otherwise.Value));

    /// <summary>a·b + c, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane MultiplyAdd(VectorLane a, VectorLane b, VectorLane c) => new(Vector512.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Load(float* address) => new(Vector512.Load(address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* address) => Value.Store(address);

    /// <summary>The first <paramref name="count"/> floats, zero after them. Reads a whole lane: every block ends in spare bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane LoadFirst(float* address, int count) => SelectFirst(Load(address), count);

    /// <summary>The first <paramref name="count"/> elements, zero after them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane SelectFirst(VectorLane value, int count) => SelectFirst(value, count, Constant(0));

    /// <summary>The first <paramref name="count"/> elements, those of <paramref name="otherwise"/> after them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane SelectFirst(VectorLane value, int count, VectorLane otherwise) =>
        new(Vector512.ConditionalSelect(VectorMath.FirstLanes(count), value.Value, otherwise.Value));

    /// <summary>
    /// Stores the first <paramref name="count"/> floats and touches nothing after them: another worker may own it. Without a call wherever the processor can
    /// mask a store: a call, even one that is never made, keeps all vectors of a loop out of the registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreFirst(float* address, int count)
    {
        if (count >= Width)
        {
            Value.Store(address);
        }
        else if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(address, VectorMath.FirstLanes(count), Value);
        }
        else if (Avx.IsSupported)
        {
            Vector512<float> mask = VectorMath.FirstLanes(count);
            Avx.MaskStore(address, mask.GetLower(), Value.GetLower());
            Avx.MaskStore(address + Width / 2, mask.GetUpper(), Value.GetUpper());
        }
        else
        {
            StoreFew(Value, address, count);
        }
    }

    /// <summary>As <see cref="StoreFirst(float*, int)"/>; a whole lane past the caches, where the address is a multiple of 64 bytes (<see cref="Streaming"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreFirst(float* address, int count, bool streams)
    {
        if (streams && count >= Width)
        {
            Value.StoreAlignedNonTemporal(address);
        }
        else
        {
            StoreFirst(address, count);
        }
    }

    /// <summary>Takes the value, not the lane by its address: a lane whose address is taken anywhere lives in memory, not in a register.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreFew(Vector512<float> value, float* address, int count)
    {
        float* values = stackalloc float[Width];
        value.Store(values);
        for (int i = 0; i < count; i++)
        {
            address[i] = values[i];
        }
    }

    /// <summary>The sum of the elements, in a fixed order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Vector512.Sum(Value);
}
