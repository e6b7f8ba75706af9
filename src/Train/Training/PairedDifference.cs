namespace TinyLM;

/// <summary>
/// How much more one setting loses than another, seed by seed: runs of the same seed have the same initial weights and order of data, so what they share
/// cancels out.
/// </summary>
/// <param name="Mean">Of the differences, in nats a token.</param>
/// <param name="Margin">Half the width of the 95% interval around the mean, by Student's t over the seeds; NaN for one seed.</param>
public sealed record PairedDifference(double Mean, double Margin)
{
    private const double Confidence = 0.95;

    /// <param name="losses">By seed.</param>
    /// <param name="reference">Those that they are compared with, by the same seeds.</param>
    public static PairedDifference Between(IReadOnlyList<double> losses, IReadOnlyList<double> reference)
    {
        ArgumentNullException.ThrowIfNull(losses);
        ArgumentNullException.ThrowIfNull(reference);
        double[] differences = [.. losses.Zip(reference, (loss, other) => loss - other)];
        double mean = differences.Average();
        int freedom = differences.Length - 1;
        double error = Math.Sqrt(differences.Sum(difference => (difference - mean) * (difference - mean)) / freedom / differences.Length);
        return new PairedDifference(mean, freedom > 0 ? Quantile(freedom) * error : double.NaN);
    }

    /// <summary>The t that Student's distribution stays within, on both sides of 0, with the probability of <see cref="Confidence"/>.</summary>
    private static double Quantile(int freedom)
    {
        double low = 0, high = Math.PI / 2;
        for (int bit = 0; bit < 52; bit++)
        {
            double middle = (low + high) / 2;
            (low, high) = Within(middle, freedom) < Confidence ? (middle, high) : (low, middle);
        }

        return Math.Sqrt(freedom) * Math.Tan(low);
    }

    /// <summary>The probability of |t| ≤ √freedom · tan(angle) (Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, 26.7.3 and 26.7.4).</summary>
    private static double Within(double angle, int freedom)
    {
        bool isOdd = freedom % 2 == 1;
        double cosine = Math.Cos(angle), term = isOdd ? cosine : 1, sum = 0;
        for (int k = isOdd ? 1 : 0; k < freedom - 1; k += 2)
        {
            sum += term;
            term *= (k + 1.0) / (k + 2.0) * cosine * cosine;
        }

        return isOdd ? 2 / Math.PI * (angle + Math.Sin(angle) * sum) : Math.Sin(angle) * sum;
    }
}
