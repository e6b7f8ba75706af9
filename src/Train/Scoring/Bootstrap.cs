namespace TinyLM;

/// <summary>
/// How far a ratio of sums over documents would vary with other documents of the same kind: the percentile bootstrap (Efron and Tibshirani, "An introduction to
/// the bootstrap", 1993). Documents are drawn with replacement, so that targets of one document, which depend on each other, stay together.
/// </summary>
public static class Bootstrap
{
    public const int DefaultResamples = 2000;

    public const double DefaultLevel = 0.95;

    private const int DrawsPerBlock = 4;

    /// <summary>The interval of Σ numerators / Σ denominators. The same seed gives the same bits.</summary>
    /// <param name="numerators">[documents]: such as the difference of two scorers' nats.</param>
    /// <param name="denominators">[documents]: such as targets or bytes, at least 0.</param>
    /// <param name="resamples">How many sets of documents are drawn.</param>
    /// <param name="level">Of confidence, between 0 and 1.</param>
    /// <param name="seed">Of the draws.</param>
    /// <returns><see cref="ConfidenceInterval.Unknown"/> for fewer than two documents with a denominator.</returns>
    /// <exception cref="ArgumentException">The two are not equally long.</exception>
    public static ConfidenceInterval OfRatio(
        IReadOnlyList<double> numerators, IReadOnlyList<double> denominators, int resamples = DefaultResamples, double level = DefaultLevel, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(numerators);
        ArgumentNullException.ThrowIfNull(denominators);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 1);
        if (numerators.Count != denominators.Count)
        {
            throw new ArgumentException($"Bootstrap: {numerators.Count} numerators and {denominators.Count} denominators; expected one of each a document.");
        }

        (double Numerator, double Denominator)[] documents = [.. numerators.Zip(denominators).Where(pair => pair.First != 0 || pair.Second != 0)];
        if (documents.Count(document => document.Denominator > 0) < 2)
        {
            return ConfidenceInterval.Unknown;
        }

        var random = new Philox(seed, Philox.Purpose("bootstrap"));
        var ratios = new double[resamples];
        Parallel.For(0, resamples, resample => ratios[resample] = Resampled(documents, random, resample));

        // All documents drawn may be without a denominator.
        double[] sorted = [.. ratios.Where(double.IsFinite).Order()];
        return sorted.Length == 0 ? ConfidenceInterval.Unknown : new(Quantile(sorted, (1 - level) / 2), Quantile(sorted, (1 + level) / 2));
    }

    private static double Resampled((double Numerator, double Denominator)[] documents, Philox random, int resample)
    {
        double numerator = 0, denominator = 0;
        Span<uint> draws = stackalloc uint[DrawsPerBlock];
        for (int drawn = 0; drawn < documents.Length; drawn++)
        {
            if (drawn % DrawsPerBlock == 0)
            {
                (draws[0], draws[1], draws[2], draws[3]) = random.Block(((ulong)resample << 32) + (uint)drawn);
            }

            var (n, d) = documents[(int)((ulong)draws[drawn % DrawsPerBlock] * (ulong)documents.Length >> 32)];
            numerator += n;
            denominator += d;
        }

        return numerator / denominator;
    }

    private static double Quantile(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }
}
