using ILGPU;

namespace TinyLM;

/// <summary>Sums and maxima over the 32 lanes of a warp in GPU kernels, by exchange in a fixed order; every lane gets the result.</summary>
internal static class WarpReduce
{
    public const int Lanes = 32;

    public static float Sum(float value)
    {
        for (int distance = Lanes / 2; distance > 0; distance /= 2)
        {
            value += Warp.ShuffleXor(value, distance);
        }

        return value;
    }

    public static float Max(float value)
    {
        for (int distance = Lanes / 2; distance > 0; distance /= 2)
        {
            value = MathF.Max(value, Warp.ShuffleXor(value, distance));
        }

        return value;
    }
}
