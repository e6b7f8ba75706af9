namespace TinyLM;

/// <summary>Functions of lanes, by the formulas that <see cref="ILane{T}"/> gives them.</summary>
internal static class LaneMath
{
    public static T Max<T>(T left, T right)
        where T : struct, ILane<T> => T.Max(left, right);

    /// <summary>x, or 0 in place of -∞: a shift that leaves exp(-∞ - shift) at 0.</summary>
    public static T Finite<T>(T x)
        where T : struct, ILane<T> => T.SelectGreater(T.Constant(float.MinValue), x, T.Constant(0), x);

    /// <inheritdoc cref="Finite{T}(T)"/>
    public static float Finite(float x) => x < float.MinValue ? 0 : x;
}
