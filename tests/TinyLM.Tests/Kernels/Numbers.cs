namespace TinyLM.Tests.Kernels;

/// <summary>Test data, and the distance of a result from its reference.</summary>
internal static class Numbers
{
    public static float[] Random(long count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)((random.NextDouble() * 2) - 1);
        }

        return values;
    }

    public static Tensor Upload(this Device device, int rows, int columns, float[] values)
    {
        Tensor tensor = device.Allocate(rows, columns);
        tensor.CopyFrom(values);
        return tensor;
    }

    /// <summary>A result that nobody has written: a forgotten element shows.</summary>
    public static Tensor Poisoned(this Device device, int rows, int columns)
    {
        var values = new float[(long)rows * columns];
        Array.Fill(values, float.NaN);
        return device.Upload(rows, columns, values);
    }

    /// <summary>‖actual - expected‖ / ‖expected‖; ∞ if either holds a NaN, since NUnit takes NaN for less than any limit.</summary>
    /// <param name="actual">What was seen.</param>
    /// <param name="expected">The reference.</param>
    /// <param name="least">What the norm is at least taken for: the rounding of larger parts may show in one that vanishes.</param>
    public static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected, double least = 1e-15)
    {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(actual[i] - expected[i], 2);
            norm += expected[i] * expected[i];
        }

        double error = Math.Sqrt(difference / Math.Max(norm, least * least));
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }
}
