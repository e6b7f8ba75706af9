namespace TinyLM.Tests;

/// <summary>The one comparison that passes or fails an op, everywhere.</summary>
public static class Comparison
{
    /// <summary>Of the reference's gradient with finite differences, both in double.</summary>
    public const double DoubleLimit = 1e-6;

    /// <summary>Of a device's float32 with the reference.</summary>
    public const double SingleLimit = 1e-5;

    /// <summary>Of a device that holds a weight in bfloat16 with the reference of the weight as it was: 8 bits of precision.</summary>
    public const double BFloat16Limit = 1e-2;

    /// <summary>
    /// ‖actual - expected‖ / ‖expected‖, over the whole matrix. A NaN anywhere gives ∞: NUnit takes NaN for less than any limit. Where
    /// everything expected is 0, so must be everything seen.
    /// </summary>
    public static double RelativeError(IReadOnlyList<double> actual, IReadOnlyList<double> expected)
    {
        if (actual.Count != expected.Count)
        {
            return double.PositiveInfinity;
        }

        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Count; i++)
        {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            norm += expected[i] * expected[i];
        }

        double error = difference == 0 ? 0 : Math.Sqrt(difference / norm);
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }

    public static double RelativeError(float[] actual, Matrix expected) => RelativeError(Array.ConvertAll(actual, value => (double)value), expected.Values);
}
