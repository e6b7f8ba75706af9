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
    public static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected)
    {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(actual[i] - expected[i], 2);
            norm += expected[i] * expected[i];
        }

        double error = Math.Sqrt(difference / Math.Max(norm, 1e-30));
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }
}
