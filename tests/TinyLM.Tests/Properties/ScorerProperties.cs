using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>Windows and rows over documents of random lengths.</summary>
[Category("Properties")]
public class ScorerProperties
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

    [Test]
    public void Each_target_is_scored_once_in_the_window_that_is_defined()
    {
        Gen<(int[] Lengths, int Window, int Stride, bool ScoreEnd)> draws =
            from window in Gen.Int[1, TinyModels.Context]
            from stride in Gen.Int[1, window]
            from lengths in Draws.Size(3 * TinyModels.Context).Array[1, 5]
            from scoreEnd in Gen.Bool
            select (lengths, window, stride, scoreEnd);
        Property.Holds("cpu", 100, draws, draw =>
        {
            TokenizedDocuments documents = TinyModels.Documents(7, draw.Lengths);
            float[] nats = new StridedScorer(_model, draw.Window, draw.Stride, draw.ScoreEnd).Score(documents);
            float[] expected =
            [
                .. Enumerable.Range(0, documents.Count).SelectMany(document => ScorerTests.Defined(_model, documents.ToArray(document), draw.Window, draw.Stride, draw.ScoreEnd)),
            ];
            Assert.That(expected, Has.Length.EqualTo(TargetBuilder.CountTargets(documents, draw.ScoreEnd)));
            Assert.That(nats, Is.EqualTo(expected).Within(1e-4f));
        });
    }

    [Test]
    public void Packed_rows_score_each_target_once() =>
        Property.Holds("cpu", 60, Gen.Select(Draws.Size(40).Array[1, 6], Gen.Int[2, TinyModels.Context], Gen.Bool), draw =>
        {
            var (lengths, rowLength, scoreEnd) = draw;
            TokenizedDocuments documents = TinyModels.Documents(7, lengths);
            float[] nats = new PackedScorer(_model, rowLength, scoreEnd).Score(documents);
            Assert.That(nats, Has.Length.EqualTo(TargetBuilder.CountTargets(documents, scoreEnd)).And.All.GreaterThan(0));
        });
}
