namespace TinyLM.Tests;

public class TttChoicesTests
{
    [Test]
    public void The_best_is_chosen_on_every_other_document_and_judged_by_those_between()
    {
        // Of the documents with targets, the first and third choose: there 0.01 is better; the second and fourth judge, and it is worse.
        TttScore strided = Score("strided", null, 3, 3, 3, 3), slow = Score("ttt", 0.001, 2, 1, 2, 1), fast = Score("ttt", 0.01, 1, 2, 1, 2);
        var choices = TttChoices.Of([strided, slow, fast]);
        TttChoice best = choices.Best.Single(choice => choice.Score.Point.Mode == "ttt");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(choices.AreHeldOut);
            Assert.That(best.Score.Point, Is.EqualTo(fast.Point));
            Assert.That(best.Loss, Is.EqualTo(2));
            Assert.That(best.AgainstStrided!.Loss, Is.EqualTo(-1));
            Assert.That(best.AgainstStrided.Targets, Is.EqualTo(20));
        }
    }

    [Test]
    public void One_document_is_both()
    {
        var choices = TttChoices.Of([Score("ttt", 0.001, 2), Score("ttt", 0.01, 1)]);
        Assert.That((choices.AreHeldOut, choices.Best.Single().Loss, choices.Best.Single().AgainstStrided), Is.EqualTo((false, 1.0, (ScoreComparison?)null)));
    }

    /// <summary>Documents of ten targets with these losses, and between them some without targets.</summary>
    private static TttScore Score(string mode, double? rate, params double[] losses) => new(
        new TttPoint(mode, 4, rate, rate is null ? null : 8, rate is null ? null : 0, rate is null ? null : 0), 1,
        [.. losses.SelectMany(loss => new[] { new DocumentScore(10, 20, 10 * loss), default })]);
}
