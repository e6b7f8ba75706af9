using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TinyLM;

/// <summary>Where a tile of a product goes, and what is added to it on the way: earlier sums, a bias row, a residual.</summary>
internal unsafe struct TileStore
{
    public float* C;

    /// <summary>From one row to the next, in floats; the residual's too.</summary>
    public nint Stride;

    /// <summary>Adds to what <see cref="C"/> holds.</summary>
    public bool Accumulate;

    /// <summary>The bias of the tile's columns, or null.</summary>
    public float* Bias;

    /// <summary>The residual at the tile's first element, or null.</summary>
    public float* Residual;

    /// <summary>Writes past the caches, to whole aligned cache lines.</summary>
    public bool Streams;

    public readonly bool IsPlain => !Accumulate && Bias == null && Residual == null && !Streams;

    /// <summary>The store of a part of the tile, from one of its elements on.</summary>
    public readonly TileStore Part(int row, int column)
    {
        nint offset = (row * Stride) + column;
        return this with { C = C + offset, Bias = Bias == null ? null : Bias + column, Residual = Residual == null ? null : Residual + offset };
    }

    /// <summary>Stores 16 sums. Every path adds in this order, so that a row's bits do not depend on the tile it falls into.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Add(int row, int column, Vector512<float> sum)
    {
        nint offset = (row * Stride) + column;
        if (Accumulate)
        {
            sum = Vector512.Load(C + offset) + sum;
        }

        if (Bias != null)
        {
            sum += Vector512.Load(Bias + column);
        }

        if (Residual != null)
        {
            sum += Vector512.Load(Residual + offset);
        }

        if (Streams)
        {
            sum.StoreAlignedNonTemporal(C + offset);
        }
        else
        {
            sum.Store(C + offset);
        }
    }

    /// <summary>Stores <paramref name="rows"/> × <paramref name="columns"/> sums of a tile that reaches over an edge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void AddPart(float* tile, int tileStride, int rows, int columns)
    {
        int wholeColumns = columns & ~15;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < wholeColumns; column += 16)
            {
                Add(row, column, Vector512.Load(tile + (row * tileStride) + column));
            }

            for (int column = wholeColumns; column < columns; column++)
            {
                nint offset = (row * Stride) + column;
                float sum = tile[(row * tileStride) + column];
                sum = Accumulate ? C[offset] + sum : sum;
                sum = Bias != null ? sum + Bias[column] : sum;
                C[offset] = Residual != null ? sum + Residual[offset] : sum;
            }
        }
    }
}
