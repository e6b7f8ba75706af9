using TinyLM.Tests.Data;

namespace TinyLM.Tests;

/// <summary>A score is the negative logarithm of a probability, and the probabilities of all that may come add up to 1.</summary>
public class HonestScoreTests
{
    [Test]
    public void The_probabilities_of_all_possible_targets_add_up_to_1([Values(1, 6, 20)] int target, [Values] bool capped)
    {
        using Device device = Device.Open("cpu", 1);
        Gpt model = TinyModels.Telling(device, GptConfig.Llama(1, 2, 8, TinyModels.Context, TinyModels.Vocabulary) with { LogitSoftcap = capped ? 3 : 0 });
        TokenizedDocuments documents = TinyModels.Documents(7, 9, 25, 8);
        foreach (IScorer scorer in (IScorer[])[new StridedScorer(12, 3), new StridedScorer(5, 5), new PackedScorer(12)])
        {
            // Each id is the target but BOS, which would begin another document; ScoreEnd makes it a target too, of the document that ends before it.
            double sum = 0;
            for (int id = 0; id < TinyModels.Vocabulary - 1; id++)
            {
                int[] ids = documents.AllIds();
                ids[9 + target] = id;
                sum += Math.Exp(-scorer.Score(model, new TokenizedDocuments(ids, documents.AllStarts(), documents.BosId))[8 + target - 1]);
            }

            // The document cut short before the target ends there.
            int[] cut = [.. documents.AllIds()[..(9 + target)]];
            IScorer withEnd = scorer is StridedScorer strided ? new StridedScorer(strided.Window, strided.Stride, scoreEnd: true) : new PackedScorer(12, scoreEnd: true);
            sum += Math.Exp(-withEnd.Score(model, new TokenizedDocuments(cut, [0, 9, cut.Length], documents.BosId))[9 + target - 1]);
            Assert.That(sum, Is.EqualTo(1).Within(1e-5), scorer.Name);
        }
    }
}
