using TinyLM.Tests.Data;

namespace TinyLM.Tests;

public class ScorerTests
{
    private static readonly GptConfig Config = GptConfig.Llama(1, 2, 8, TinyModels.Context, TinyModels.Vocabulary);
    private Device _device = null!;
    private Gpt _model = null!;

    [OneTimeSetUp]
    public void Open()
    {
        _device = Device.Open("cpu", 1);
        _model = TinyModels.Telling(_device, Config);
    }

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    [TestCase(1, 1)]
    [TestCase(2, 1)]
    [TestCase(2, 2)]
    [TestCase(5, 1)]
    [TestCase(5, 2)]
    [TestCase(5, 3)]
    [TestCase(5, 5)]
    [TestCase(12, 1)]
    [TestCase(12, 5)]
    [TestCase(12, 12)]
    public void Strided_scores_each_target_once_in_the_context_that_is_defined(int window, int stride)
    {
        CompareWithDefinition(window, stride, scoreEnd: false);
        CompareWithDefinition(window, stride, scoreEnd: true);
    }

    [Test]
    public void Packed_scores_each_target_once_and_as_many_as_strided([Values(2, 5, 12)] int rowLength, [Values] bool scoreEnd)
    {
        TokenizedDocuments documents = TinyModels.Documents(7, 1, 2, 3, 6, 7, 12, 13, 14, 25);
        float[] packed = new PackedScorer(_model, rowLength, scoreEnd).Score(documents);
        Assert.That(packed, Has.Length.EqualTo(new StridedScorer(_model, rowLength, 1, scoreEnd).Score(documents).Length));
        Assert.That(packed, Has.All.GreaterThan(0));
    }

    [Test]
    public void A_token_changes_no_earlier_score_by_a_bit()
    {
        TokenizedDocuments documents = TinyModels.Documents(7, 9, 25, 8);
        foreach (IScorer scorer in (IScorer[])[new StridedScorer(_model, 12, 3), new StridedScorer(_model, 5, 5), new PackedScorer(_model, 12)])
        {
            float[] before = scorer.Score(documents);
            int[] ids = documents.AllIds();
            const int Token = 20;
            ids[Token] = (ids[Token] + 1) % (TinyModels.Vocabulary - 1);
            float[] after = scorer.Score(new TokenizedDocuments(ids, documents.AllStarts(), documents.BosId));

            // Token 20 is the target number 18: two documents have begun before it.
            Assert.That(after[..18], Is.EqualTo(before[..18]), scorer.Name);
            Assert.That(after[18], Is.Not.EqualTo(before[18]), scorer.Name);
        }
    }

    [Test]
    public void A_document_scores_the_same_alone_and_in_company()
    {
        TokenizedDocuments all = TinyModels.Documents(7, 9, 25, 8);
        var alone = new TokenizedDocuments(all.ToArray(1), [0, 25], all.BosId);
        var scorer = new StridedScorer(_model, 12, 4);
        Assert.That(scorer.Score(alone), Is.EqualTo(scorer.Score(all)[8..32]).Within(1e-5f));
    }

    [Test]
    public void The_report_is_a_ratio_of_sums()
    {
        TokenizedDocuments documents = TinyModels.Documents(7, 4, 9);
        int[] bytes = [.. Enumerable.Range(0, TinyModels.Vocabulary).Select(id => id == TinyModels.Vocabulary - 1 ? 0 : 1 + id % 3)];
        var scorer = new StridedScorer(_model, 12, 4);
        double nats = scorer.Score(documents).Sum(value => (double)value);
        int scored = documents.ToArray(0)[1..].Concat(documents.ToArray(1)[1..]).Sum(id => bytes[id]);
        ScoreSummary report = ScoreReport.Create(scorer, documents, bytes).Summary;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Targets, Is.EqualTo(11));
            Assert.That(report.Loss, Is.EqualTo(nats / 11).Within(1e-9));
            Assert.That(report.BitsPerByte, Is.EqualTo(nats / Math.Log(2) / scored).Within(1e-9));
        }
    }

    [Test]
    public void A_stride_beyond_the_window_and_documents_without_targets_are_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new StridedScorer(_model, 4, 5), Throws.TypeOf<UserException>());
            Assert.That(
                () => ScoreReport.Create(new PackedScorer(_model, 4), TinyModels.Documents(7, 1, 1), new int[TinyModels.Vocabulary]),
                Throws.TypeOf<UserException>().With.Message.Contains("no target"));
        }
    }

    private void CompareWithDefinition(int window, int stride, bool scoreEnd)
    {
        TokenizedDocuments documents = TinyModels.Documents(7, 1, 2, 3, 6, 7, 12, 13, 14, 25);
        float[] nats = new StridedScorer(_model, window, stride, scoreEnd).Score(documents);
        float[] expected = [.. Enumerable.Range(0, documents.Count).SelectMany(document => Defined(_model, documents.ToArray(document), window, stride, scoreEnd))];
        Assert.That(nats, Is.EqualTo(expected).Within(1e-4f));
    }

    /// <summary>The definition, one chunk at a time, one pass a chunk.</summary>
    internal static IEnumerable<float> Defined(Gpt model, int[] document, int window, int stride, bool scoreEnd)
    {
        int[] sequence = scoreEnd ? [.. document, TinyModels.Vocabulary - 1] : document;
        int targets = sequence.Length - 1, chunks = (targets + stride - 1) / stride;
        if (targets <= window)
        {
            (chunks, stride) = (targets > 0 ? 1 : 0, targets);
        }

        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int end = chunk == chunks - 1 ? targets : (chunk + 1) * stride, start = Math.Max(0, end - window);
            float[] logits = TinyModels.Logits(model, sequence[start..end], DocumentOffsets.OneDocument(end - start));
            for (int target = chunk * stride; target < end; target++)
            {
                float[] row = logits[((target - start) * TinyModels.Vocabulary)..((target - start + 1) * TinyModels.Vocabulary)];
                yield return (float)(Math.Log(row.Sum(value => Math.Exp(value))) - row[sequence[target + 1]]);
            }
        }
    }
}
