namespace TinyLM.Tests;

public class ScoreReportTests
{
    private static readonly int[] TokenBytes = [.. Enumerable.Range(0, TinyModels.Vocabulary).Select(id => id == TinyModels.Vocabulary - 1 ? 0 : 1 + id % 3)];

    [Test]
    public void All_figures_are_those_of_a_plain_loop([Values] bool scoreEnd)
    {
        TokenizedDocuments documents = TinyModels.Documents(7, 4, 1, 9, 70, 2, 33, 8, 1);
        float[] nats = Nats(TargetBuilder.CountTargets(documents, scoreEnd));
        ScoreReport report = ScoreReport.Of("fixed", nats, documents, scoreEnd, TokenBytes, seconds: 2);

        var positions = new SortedDictionary<int, (long Targets, double Nats, long Bytes)>();
        var lengths = new SortedDictionary<int, (long Targets, double Nats, long Bytes)>();
        double sum = 0;
        long bytes = 0;
        int next = 0;
        using var scope = Assert.EnterMultipleScope();
        for (int document = 0; document < documents.Count; document++)
        {
            int[] ids = documents.ToArray(document);
            int count = ids.Length - (scoreEnd ? 0 : 1);
            double documentNats = 0;
            long documentBytes = 0;
            for (int target = 1; target <= count; target++)
            {
                int tokenBytes = target < ids.Length ? TokenBytes[ids[target]] : 0;
                Add(positions, target, 1, nats[next], tokenBytes);
                documentNats += nats[next++];
                documentBytes += tokenBytes;
            }

            if (count > 0)
            {
                Add(lengths, count, count, documentNats, documentBytes);
            }

            Assert.That(report.Documents[document], Is.EqualTo(new DocumentScore(count, documentBytes, documentNats)));
            sum += documentNats;
            bytes += documentBytes;
        }

        Assert.That(report.Summary.Loss, Is.EqualTo(sum / nats.Length).Within(1e-12));
        Assert.That(report.Summary.BitsPerByte, Is.EqualTo(sum / Math.Log(2) / bytes).Within(1e-12));
        Assert.That((report.Summary.Targets, report.Summary.Seconds), Is.EqualTo(((long)nats.Length, 2.0)));
        Compare(report.ByPosition, positions);
        Compare(report.ByLength, lengths);
        Assert.That(report.ByLength.Sum(bucket => bucket.Documents), Is.EqualTo(scoreEnd ? 8 : 6));
        Assert.That(report.ByPosition[0].Documents, Is.EqualTo(scoreEnd ? 8 : 6));

        static void Add(SortedDictionary<int, (long Targets, double Nats, long Bytes)> buckets, int number, long targets, double nats, long bytes)
        {
            int first = 1;
            while (2 * first <= number)
            {
                first *= 2;
            }

            var (t, n, b) = buckets.GetValueOrDefault(first);
            buckets[first] = (t + targets, n + nats, b + bytes);
        }

        static void Compare(IReadOnlyList<ScoreBucket> found, SortedDictionary<int, (long Targets, double Nats, long Bytes)> expected)
        {
            Assert.That(found.Select(bucket => (bucket.First, bucket.Last)), Is.EqualTo(expected.Keys.Select(first => (first, 2 * first - 1))));
            Assert.That(found.Select(bucket => bucket.Score.Targets), Is.EqualTo(expected.Values.Select(bucket => bucket.Targets)));
            Assert.That(found.Select(bucket => bucket.Score.Bytes), Is.EqualTo(expected.Values.Select(bucket => bucket.Bytes)));
            Assert.That(found.Select(bucket => bucket.Score.Nats), Is.EqualTo(expected.Values.Select(bucket => bucket.Nats)).Within(1e-9));
        }
    }

    [Test]
    public void Without_bytes_there_are_no_bits_a_byte()
    {
        TokenizedDocuments documents = TinyModels.Documents(7, 4, 9);
        ScoreSummary summary = ScoreReport.Of("fixed", Nats(11), documents, scoreEnd: false, [], seconds: 0).Summary;
        Assert.That((summary.BitsPerByte, summary.Targets), Is.EqualTo((double.NaN, 11L)));
    }

    [TestCase(float.NaN, "NaN nats")]
    [TestCase(float.PositiveInfinity, "Infinity nats")]
    [TestCase(-0.5f, "-0.5 nats")]
    public void A_value_that_is_no_score_is_one_line_that_says_where(float value, string seen)
    {
        float[] nats = Nats(11);
        nats[5] = value;
        UserErrors.ExpectMistake(
            () => ScoreReport.Of("foreign", nats, TinyModels.Documents(7, 4, 1, 9), scoreEnd: false, TokenBytes, seconds: 0),
            "foreign", "target 3 of document 3", seen, "expected a finite number");
    }

    [TestCase(10)]
    [TestCase(12)]
    public void Too_few_values_and_too_many_are_refused(int count) => UserErrors.ExpectMistake(
        () => ScoreReport.Of("foreign", Nats(count), TinyModels.Documents(7, 4, 1, 9), scoreEnd: false, TokenBytes, seconds: 0),
        $"gave {count} values", "3 documents have 11 targets");

    [Test]
    public void Two_scorings_are_compared_document_by_document()
    {
        TokenizedDocuments documents = TinyModels.Documents(7, 4, 1, 9, 6, 7);
        float[] before = Nats(22), after = [.. before.Select((value, i) => i < 3 ? value + 0.5f : value - 0.25f)];
        ScoreReport first = Report("first", before), second = Report("second", after);
        var comparison = ScoreComparison.Of(first, second);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(comparison.Loss, Is.EqualTo((3 * 0.5 - 19 * 0.25) / 22).Within(1e-6).And.EqualTo(second.Total.Loss - first.Total.Loss).Within(1e-12));
            Assert.That(comparison.BitsPerByte, Is.EqualTo(second.Total.BitsPerByte - first.Total.BitsPerByte).Within(1e-12));
            Assert.That(comparison.ShareBetter, Is.EqualTo(0.75), "three of the four documents that have targets");
            Assert.That((comparison.Documents, comparison.Targets), Is.EqualTo((5, 22L)));
            Assert.That(comparison.LossInterval.Low, Is.EqualTo(-0.25).Within(1e-6), "no set of documents is better");
            Assert.That(comparison.LossInterval.High, Is.GreaterThan(0).And.LessThan(0.5));
            Assert.That(comparison.LossInterval.ExcludesZero, Is.False);
        }

        ScoreReport Report(string name, float[] nats) => ScoreReport.Of(name, nats, documents, scoreEnd: false, TokenBytes, seconds: 0);
    }

    [Test]
    public void Scores_of_other_documents_tokens_or_ends_are_not_compared()
    {
        ScoreReport report = Report(false, 4, 9), shorter = Report(false, 4, 8), ended = Report(true, 4, 9), more = Report(false, 4, 9, 2);
        using (Assert.EnterMultipleScope())
        {
            UserErrors.ExpectMistake(() => ScoreComparison.Of(report, more), "2 documents", "has 3", "same documents");
            UserErrors.ExpectMistake(() => ScoreComparison.Of(report, shorter), "document 2 has 8 targets", "and 7");
            UserErrors.ExpectMistake(() => ScoreComparison.Of(report, ended), "document 1 has 3 targets", "and 4", "ends are scored");
        }

        static ScoreReport Report(bool scoreEnd, params int[] lengths)
        {
            TokenizedDocuments documents = TinyModels.Documents(7, lengths);
            return ScoreReport.Of("scorer", Nats(TargetBuilder.CountTargets(documents, scoreEnd)), documents, scoreEnd, TokenBytes, seconds: 0);
        }
    }

    private static float[] Nats(long count)
    {
        var random = new Philox(5, Philox.Purpose("test nats"));
        return [.. Enumerable.Range(0, (int)count).Select(i => (float)(4 * random.Uniform((ulong)i)))];
    }
}
