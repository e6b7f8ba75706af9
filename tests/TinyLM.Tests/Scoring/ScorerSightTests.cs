namespace TinyLM.Tests;

public class ScorerSightTests
{
    [Test]
    public void A_target_sees_what_its_window_holds_and_nothing_else()
    {
        using Device device = Device.Open("cpu", 1);
        Gpt model = TinyModels.Telling(device, GptConfig.Llama(1, 2, 8, TinyModels.Context, TinyModels.Vocabulary), times: 5);
        TokenizedDocuments documents = TinyModels.Documents(7, 4, 9);
        using var scope = Assert.EnterMultipleScope();
        foreach (int stride in new[] { 1, 2, 5 })
        {
            const int Window = 5;
            bool[,] seen = ScorerSight.Find(new StridedScorer(model, Window, stride), documents, TinyModels.Vocabulary);
            for (int target = 1; target <= 11; target++)
            {
                // Targets 1 to 3 are the first document's, whose tokens are 0 to 3; the others are the second's, which begins at token 4.
                int first = target <= 3 ? 0 : 4, number = target <= 3 ? target : target - 3, count = target <= 3 ? 3 : 8;
                int end = count <= Window ? count : Math.Min((number - 1) / stride * stride + stride, count), start = Math.Max(0, end - Window);
                int[] expected = [.. Enumerable.Range(first + start, number - start), first + number];
                Assert.That(Enumerable.Range(0, 13).Where(token => seen[target - 1, token]), Is.EqualTo(expected), $"stride {stride}, target {target}");
            }
        }
    }
}
