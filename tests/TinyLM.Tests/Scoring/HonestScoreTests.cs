using TinyLM.Tests.Data;

namespace TinyLM.Tests;

/// <summary>A score is the negative logarithm of a probability, and the probabilities of all that may come add up to 1.</summary>
public class HonestScoreTests
{
    [Test]
    public void The_probabilities_of_all_that_may_come_last_add_up_to_1([Values(2, 7, 25)] int length, [Values] bool capped)
    {
        using Device device = Device.Open("cpu", 1);
        Gpt model = TinyModels.Telling(device, GptConfig.Llama(1, 2, 8, TinyModels.Context, TinyModels.Vocabulary) with { LogitSoftcap = capped ? 3 : 0 });
        TokenizedDocuments documents = TinyModels.Documents(7, 9, length, 8);
        int[] ids = documents.AllIds();
        int last = 9 + length - 1, target = 8 + length - 2;
        foreach (Func<bool, IScorer> create in (Func<bool, IScorer>[])[end => new StridedScorer(model, 12, 3, end), end => new StridedScorer(model, 5, 5, end), end => new PackedScorer(model, 12, end)])
        {
            double sum = 0;
            for (int id = 0; id < TinyModels.Vocabulary - 1; id++)
            {
                ids[last] = id;
                sum += Probability(create(false), new TokenizedDocuments(ids, documents.AllStarts(), documents.BosId), target);
            }

            // Or the document ends before: then the end of the one ahead of it is a target too.
            int[] shorter = [.. ids[..last], .. ids[(last + 1)..]];
            sum += Probability(create(true), new TokenizedDocuments(shorter, [0, 9, last, shorter.Length], documents.BosId), target + 1);
            Assert.That(sum, Is.EqualTo(1).Within(1e-5), create(false).Name);
        }

        double Probability(IScorer scorer, TokenizedDocuments scored, int number) => Math.Exp(-scorer.Score(scored)[number]);
    }
}
