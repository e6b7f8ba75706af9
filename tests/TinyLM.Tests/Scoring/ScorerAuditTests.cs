using TinyLM.Leaks;

namespace TinyLM.Tests;

public class ScorerAuditTests
{
    private const int Window = 8, Stride = 4;
    private static readonly string[] OfConditions = ["strictly causal", "normalised", "scored before learnt", "each target once", "same again"];
    private Device _device = null!;
    private Gpt _model = null!;

    [OneTimeSetUp]
    public void Open()
    {
        _device = Device.Open("cpu", 1);
        _model = TinyModels.Telling(_device, GptConfig.Llama(1, 2, 8, 2 * Window, TinyModels.Vocabulary));
    }

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    [TestCase(Leak.TrainsBeforeScoring, "strictly causal", "normalised", "scored before learnt")]
    [TestCase(Leak.KeepsAdapter, "neighbours' tokens", "company")]
    [TestCase(Leak.KeepsMomentum, "neighbours' tokens", "company")]
    [TestCase(Leak.SeesTarget, "normalised")]
    [TestCase(Leak.SeveralPasses, "strictly causal", "normalised", "scored before learnt")]
    [TestCase(Leak.BestOfPasses, "normalised")]
    [TestCase(Leak.MeanOverBatch, "company")]
    [TestCase(Leak.ClipsOverBatch, "strictly causal", "neighbours' tokens", "company")]
    [TestCase(Leak.TrainsBaseWeights, "same again", "base weights")]
    [TestCase(Leak.OverlapsWindows, "each target once")]
    [TestCase(Leak.SeesDocumentBefore, "neighbours' tokens", "company")]
    [TestCase(Leak.MixesAtTarget, "normalised")]
    public void Each_leak_is_caught(Leak leak, params string[] probes)
    {
        float[] weights = _model.Parameters.Values.ToArray();
        AuditReport report = Audit(new LeakyScorer(_model, Window, Stride, leak));
        _model.Parameters.Values.CopyFrom(weights);
        Assert.That(report.Passed, Is.False);
        Assert.That(report.Failures.Select(failure => failure.Probe), Is.SupersetOf(probes));
        Assert.That(report.Failures.Select(failure => failure.Detail), Has.All.Not.Empty);
    }

    [Test]
    public void A_scorer_that_learns_without_a_leak_passes_every_probe() => ExpectFailures(new LeakyScorer(_model, Window, Stride, Leak.None));

    [Test]
    public void Strided_scores_pass_every_probe([Values(1, 4, 8)] int stride, [Values] bool scoreEnd) => ExpectFailures(new StridedScorer(_model, Window, stride, scoreEnd));

    [Test]
    public void Test_time_training_passes_every_probe([Values] bool streaming, [Values] bool scoreEnd) => ExpectFailures(new TestTimeTrainingScorer(
        _model, new TestTimeTrainingConfig { Window = Window, Chunk = Stride, IsStreaming = streaming, Lora = new LoraConfig { Rank = 2 } }, scoreEnd));

    [Test]
    public void Rows_keep_the_four_conditions_and_depend_on_neighbours()
    {
        ExpectFailures(new PackedScorer(_model, Window), "neighbours' tokens", "company");
        ExpectFailures(new ChunkedScorer(_model, Window), "company");
    }

    [Test]
    public void A_counter_example_tells_document_place_and_values()
    {
        AuditFinding found = Audit(new LeakyScorer(_model, Window, Stride, Leak.KeepsAdapter)).Failures.First();
        Assert.That(found.Detail, Does.Match(@"^document \d+ of \d+, token \d+ of \d+ changed from \d+ to \d+: target \d+ of document \d+ moved from [\d.]+ to [\d.]+, by [\d.e+-]+ nats$"));
    }

    /// <summary>A sum over dependent documents takes a call an id: where that is too many, nothing is claimed.</summary>
    [Test]
    public void What_takes_too_many_calls_is_undecided_and_no_pass()
    {
        AuditReport report = Audit(new PackedScorer(_model, Window), options => options with { MostCalls = 5 });
        Assert.That(report.Findings.Where(finding => finding.Verdict == AuditVerdict.Undecided).Select(finding => finding.Probe), Is.EqualTo(new[] { "normalised", "scored before learnt" }));
        Assert.That(report.Passed, Is.False);
    }

    [Test]
    public void An_answer_that_is_no_number_is_told_of()
    {
        AuditReport report = Audit(new Broken());
        Assert.That(report.Failures.Single().Detail, Does.Contain("has NaN nats"));
        Assert.That(report.Findings.Count(finding => finding.Verdict == AuditVerdict.Undecided), Is.EqualTo(6));
    }

    [Test]
    public void The_probes_that_are_conditions_are_marked_so() =>
        Assert.That(Audit(new StridedScorer(_model, Window, 4)).Findings.Where(finding => finding.Condition > 0).Select(finding => finding.Probe), Is.EqualTo(OfConditions));

    private void ExpectFailures(IScorer scorer, params string[] probes)
    {
        AuditReport report = Audit(scorer);
        Assert.That(report.Failures.Select(failure => $"{failure.Probe}: {failure.Detail}").ToArray(), Has.Length.EqualTo(probes.Length), scorer.Name);
        Assert.That(report.Failures.Select(failure => failure.Probe), Is.EqualTo(probes), scorer.Name);
        Assert.That(report.Findings.Select(finding => finding.Verdict), Has.None.EqualTo(AuditVerdict.Undecided));
    }

    private AuditReport Audit(IScorer scorer, Func<ScorerAuditOptions, ScorerAuditOptions>? change = null)
    {
        var options = new ScorerAuditOptions
        {
            VocabularySize = TinyModels.Vocabulary,
            ContextId = TinyModels.Vocabulary - 1,
            Window = Window,
            Stride = Stride,
            HashWeights = () => WeightsHash.Of(_model),
        };
        return ScorerAudit.Run(scorer, change?.Invoke(options) ?? options);
    }

    private sealed class Broken : IScorer
    {
        public string Name => "broken";

        public bool ScoreEnd => false;

        public float[] Score(TokenizedDocuments documents, IProgress<int>? progress = null)
        {
            float[] nats = [.. Enumerable.Repeat(1f, (int)TargetBuilder.CountTargets(documents, ScoreEnd))];
            nats[^1] = float.NaN;
            return nats;
        }
    }
}
