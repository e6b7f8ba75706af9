using ILGPU;

namespace TinyLM;

/// <summary>Pieces that GPU kernels share. Sums run in a fixed order: no atomics.</summary>
public static class GpuReduction
{
    public const int WarpSize = 32;

    /// <summary>Warps in a group where a warp takes a row.</summary>
    public const int RowsPerGroup = 4;

    public static int GroupsForRows(int rows) => (rows + RowsPerGroup - 1) / RowsPerGroup;

    /// <summary>The row of this thread's warp, in a kernel launched as [GroupsForRows(rows), WarpSize · RowsPerGroup].</summary>
    public static int Row() => Grid.IdxX * RowsPerGroup + Group.IdxX / WarpSize;

    public static int Lane() => Group.IdxX & (WarpSize - 1);

    /// <summary>The sum over a warp, in every lane: a butterfly.</summary>
    public static float WarpSum(float value)
    {
        for (int offset = WarpSize / 2; offset > 0; offset >>= 1)
        {
            value += Warp.ShuffleXor(value, offset);
        }

        return value;
    }

    /// <summary>The largest value of a warp, in every lane.</summary>
    public static float WarpMax(float value)
    {
        for (int offset = WarpSize / 2; offset > 0; offset >>= 1)
        {
            float other = Warp.ShuffleXor(value, offset);
            value = other > value ? other : value;
        }

        return value;
    }
}
