namespace TinyLM.Tests;

/// <summary>Strided scores against a loop in double precision that shares nothing with them: one target, one pass over the tokens that it may see.</summary>
public class StridedReferenceTests
{
    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void Each_score_is_that_of_a_plain_loop_in_double(GptConfig config)
    {
        using Device device = Device.Open("cpu", 1);

        // So that scores are of the size of real ones, some nats: a float has seven digits.
        Gpt model = TinyModels.Telling(device, config, times: 3);
        var reference = new ReferenceGpt(model);
        TokenizedDocuments documents = TinyModels.Documents(7, 9, 1, 25, 2, 13, 14);
        using var scope = Assert.EnterMultipleScope();
        foreach (var (window, stride, scoreEnd) in new[] { (12, 4, false), (12, 12, true), (7, 3, false), (5, 1, true) })
        {
            var scorer = new StridedScorer(model, window, stride, scoreEnd);
            double[] expected = [.. Enumerable.Range(0, documents.Count).SelectMany(document => Loop(reference, documents.ToArray(document), window, stride, scoreEnd))];
            Assert.That(scorer.Score(documents), Is.EqualTo(expected).Within(1e-5), scorer.Name);
        }
    }

    private static IEnumerable<double> Loop(ReferenceGpt model, int[] document, int window, int stride, bool scoreEnd)
    {
        int[] ids = scoreEnd ? [.. document, TinyModels.Vocabulary - 1] : document;
        int targets = ids.Length - 1;
        for (int target = 0; target < targets; target++)
        {
            int end = targets <= window ? targets : Math.Min((target / stride + 1) * stride, targets), start = Math.Max(0, end - window);
            Matrix logits = model.Logits(ids[start..(target + 1)]);
            int row = target - start;
            double sum = Enumerable.Range(0, logits.Columns).Sum(id => Math.Exp(logits[row, id]));
            yield return Math.Log(sum) - logits[row, ids[target + 1]];
        }
    }
}
