using ILGPU;

namespace TinyLM;

/// <summary>
/// The tokens of a stream on a GPU, sorted by their ids, those of one id in the order of the stream: so that a sum over the tokens of an id is a sum
/// over neighbours, in an order that no thread's pace can change. A merge sort: chunks in shared memory, then pairs of runs, a launch for each doubling.
/// A key is (id &lt;&lt; 32) + token, so no two are equal, and the place of a key in a merged run is its place in its own run plus the number
/// of smaller keys in the other, which a binary search finds: tokens · log²(tokens) comparisons in all.
/// </summary>
/// <remarks>Satish, Harris and Garland, "Designing Efficient Sorting Algorithms for Manycore GPUs" (2009), section 5.</remarks>
internal static class TokenOrder
{
    private const int Chunk = 512;
    private const int IdShift = 32;
    private static readonly GpuKernel SortChunks = new(SortChunksKernel);
    private static readonly GpuKernel MergeRuns = new(MergeRunsKernel);

    /// <returns>The keys, rising: a long for each token, in the memory of two floats. For the caller to recycle.</returns>
    public static Tensor Of(GpuDevice device, IndexTensor ids)
    {
        int tokens = ids.Length, chunks = (tokens + Chunk - 1) / Chunk;
        Tensor keys = device.Temporary(2, tokens), merged = device.Temporary(2, tokens);
        device.Launch(SortChunks, chunks, Chunk).With(ids).WithView<long>(keys.Address, tokens).With(tokens).Run();
        for (int width = Chunk; width < tokens; width *= 2)
        {
            device.Launch(MergeRuns, chunks, Chunk)
                .WithView<long>(keys.Address, tokens).WithView<long>(merged.Address, tokens).With(width).With(tokens).Run();
            (keys, merged) = (merged, keys);
        }

        device.Arena.Recycle(merged);
        return keys;
    }

    public static int Id(long key) => (int)(key >> IdShift);

    public static int Token(long key) => (int)key;

    /// <summary>A chunk a block, a key a thread, which follows its place from run to run.</summary>
    private static void SortChunksKernel(ArrayView<int> ids, ArrayView<long> keys, int tokens)
    {
        ArrayView<long> runs = SharedMemory.Allocate<long>(Chunk);
        int first = Grid.IdxX * Chunk, count = Min(Chunk, tokens - first), place = Group.IdxX;
        bool isThere = place < count;
        long key = isThere ? ((long)ids[first + place] << IdShift) + first + place : 0;
        for (int width = 1; width < count; width *= 2)
        {
            if (isThere)
            {
                runs[place] = key;
            }

            Group.Barrier();
            if (isThere)
            {
                place = MergedPlace(runs, key, place, width, count);
            }

            Group.Barrier();
        }

        if (isThere)
        {
            keys[first + place] = key;
        }
    }

    private static void MergeRunsKernel(ArrayView<long> keys, ArrayView<long> merged, int width, int tokens)
    {
        int place = Grid.IdxX * Chunk + Group.IdxX;
        if (place < tokens)
        {
            long key = keys[place];
            merged[MergedPlace(keys, key, place, width, tokens)] = key;
        }
    }

    /// <summary>Where a key goes when runs of <paramref name="width"/> keys, of which the last may be shorter, are merged in pairs.</summary>
    private static int MergedPlace(ArrayView<long> keys, long key, int place, int width, int count)
    {
        int pair = place & -(2 * width), run = place & -width;
        int start = Min(run == pair ? run + width : pair, count), low = start, high = Min(start + width, count);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (keys[middle] < key)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return pair + (place - run) + (low - start);
    }

    private static int Min(int left, int right) => left < right ? left : right;
}
