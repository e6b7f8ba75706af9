using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>
/// What becomes of a finished tile of a product while the cache still holds it: y = f(z), element by element, z being the tile as it was stored.
/// A function pointer, called once a tile, so that the product itself is compiled once and not for each formula; none costs one comparison.
/// </summary>
internal readonly unsafe struct TileActivation
{
    private readonly delegate*<void*, float*, float*, nint, int, int, bool, void> _apply;
    private readonly void* _formula;
    private readonly float* _y;
    private readonly bool _streams;

    private TileActivation(delegate*<void*, float*, float*, nint, int, int, bool, void> apply, void* formula, Tensor y)
    {
        _y = y.Pointer;
        _streams = y.Columns % VectorLane.Width == 0 && Streaming.Pays(y);
        _apply = apply;
        _formula = formula;
    }

    public bool IsNone => _apply == null;

    /// <param name="formula">Must stay where it is for as long as the product runs.</param>
    /// <param name="y">Of the shape of the product; may be its result.</param>
    public static TileActivation Of<TOp>(TOp* formula, Tensor y)
        where TOp : unmanaged, IUnaryOp => new(&Apply<TOp>, formula, y);

    /// <summary>Applies the formula to the tile at <paramref name="offset"/> of the product <paramref name="z"/>, whose rows are <paramref name="stride"/> floats long.</summary>
    public void Run(float* z, long offset, nint stride, int rows, int columns) =>
        _apply(_formula, z + offset, _y + offset, stride, rows, columns, _streams);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Apply<TOp>(void* formula, float* z, float* y, nint stride, int rows, int columns, bool streams)
        where TOp : unmanaged, IUnaryOp
    {
        TOp op = *(TOp*)formula;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column += VectorLane.Width)
            {
                op.Apply(VectorLane.Load(z + column)).StoreFirst(y + column, columns - column, streams);
            }

            z += stride;
            y += stride;
        }
    }
}
