using ILGPU;

namespace TinyLM.Tests;

/// <summary>Operators or functions of one type, chosen by a number: the same C# runs as a kernel and as a plain loop.</summary>
internal interface IPtxFamily<TIn, TOut>
{
    /// <summary>How many there are: 0 to Count - 1.</summary>
    static abstract int Count { get; }

    static abstract TOut Apply(int which, TIn a, TIn b);
}

/// <summary>One block an operation, one thread a pair of values.</summary>
internal static class PtxFamily<TFamily, TIn, TOut>
    where TFamily : struct, IPtxFamily<TIn, TOut>
    where TIn : unmanaged
    where TOut : unmanaged
{
    public static readonly GpuKernel Kernel = new(Body);

    private static void Body(ArrayView<TIn> a, ArrayView<TIn> b, ArrayView<TOut> y)
    {
        int i = Group.IdxX;
        y[(Grid.IdxX * Group.DimX) + i] = TFamily.Apply(Grid.IdxX, a[i], b[i]);
    }
}

/// <summary>As <see cref="IPtxFamily{TIn, TOut}"/>, for atomic operations: each gives the old value.</summary>
internal interface IPtxAtomicFamily<T>
{
    static abstract int Count { get; }

    static abstract T Apply(int which, ref T cell, T value);
}

/// <summary>One block an operation; each thread's old value is kept, or nothing of it, which makes a red of an atom.</summary>
internal static class PtxAtomicFamily<TFamily, T>
    where TFamily : struct, IPtxAtomicFamily<T>
    where T : unmanaged
{
    public static readonly GpuKernel Kept = new(KeptBody);
    public static readonly GpuKernel Dropped = new(DroppedBody);

    private static void KeptBody(ArrayView<T> cells, ArrayView<T> values, ArrayView<T> old)
    {
        int i = Group.IdxX;
        old[(Grid.IdxX * Group.DimX) + i] = TFamily.Apply(Grid.IdxX, ref cells[Grid.IdxX], values[i]);
    }

    private static void DroppedBody(ArrayView<T> cells, ArrayView<T> values) => TFamily.Apply(Grid.IdxX, ref cells[Grid.IdxX], values[Group.IdxX]);
}
