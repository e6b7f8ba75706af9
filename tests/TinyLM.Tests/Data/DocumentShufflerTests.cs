namespace TinyLM.Tests.Data;

public class DocumentShufflerTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 300).Select(i => 1 + i * 7 % 23), 70, 150];

    [Test]
    public void An_epoch_shows_every_document_once_but_for_the_dropped_tail([Values] LayoutKind kind, [Values(0, 1, 5)] int epoch)
    {
        TokenizedDocuments documents = LayoutTests.OfLengths(Lengths);
        var shuffler = new DocumentShuffler(documents, LayoutTests.Layout(kind, 16, 64), seed: 7);
        int[] targets = Targets(shuffler, epoch);
        int targetCount = (int)documents.TokenCount - documents.Count;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(targets, Is.Unique);
            Assert.That(targets, Has.Length.InRange(targetCount - 64 - 16, targetCount));
        }
    }

    [Test]
    public void Epochs_differ_in_order_cuts_and_tail([Values] LayoutKind kind)
    {
        var shuffler = new DocumentShuffler(LayoutTests.OfLengths(Lengths), LayoutTests.Layout(kind, 16, 64), seed: 7);
        int[] first = Targets(shuffler, 0), second = Targets(shuffler, 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.Not.EqualTo(second));
            Assert.That(first.Except(second), Is.Not.Empty, "the tail is another one");
            Assert.That(Targets(new DocumentShuffler(LayoutTests.OfLengths(Lengths), shuffler.Layout, seed: 8), 0), Is.Not.EqualTo(first));
        }
    }

    [Test]
    public void A_resumed_run_sees_the_same_batches([Values] LayoutKind kind, [Values(0, 1, 17, 200)] int before)
    {
        TokenizedDocuments documents = LayoutTests.OfLengths(Lengths);
        BatchLayout layout = LayoutTests.Layout(kind, 16, 64);
        var straight = new DocumentShuffler(documents, layout, seed: 3);
        for (int i = 0; i < before; i++)
        {
            straight.Next();
        }

        var resumed = new DocumentShuffler(documents, layout, seed: 3) { Position = straight.Position };
        for (int i = 0; i < 100; i++)
        {
            TokenBatch expected = straight.Next(), seen = resumed.Next();
            Assert.That(seen.Ids.ToArray(), Is.EqualTo(expected.Ids.ToArray()));
            Assert.That(seen.Targets.ToArray(), Is.EqualTo(expected.Targets.ToArray()));
            Assert.That(seen.Offsets.Starts.ToArray(), Is.EqualTo(expected.Offsets.Starts.ToArray()));
        }

        Assert.That(resumed.Position, Is.EqualTo(straight.Position));
    }

    [Test]
    public void One_text_is_cut_at_another_place_each_epoch([Values] LayoutKind kind)
    {
        TokenizedDocuments text = LayoutTests.OfLengths(1000);
        var shuffler = new DocumentShuffler(text, LayoutTests.Layout(kind, 16, 64), seed: 1);
        var firsts = new HashSet<int>();
        for (int epoch = 0; epoch < 20; epoch++)
        {
            int[] targets = Targets(shuffler, epoch);
            Assert.That(targets, Is.Unique);
            Assert.That(targets, Has.Length.GreaterThan(999 - 64 - 32));
            firsts.Add(shuffler.BatchAt(new DataPosition(epoch, 0)).Targets[0] % 16);
        }

        Assert.That(firsts, Has.Count.GreaterThan(5));
    }

    [Test]
    public void A_corpus_smaller_than_a_batch_makes_one_batch_an_epoch([Values] LayoutKind kind, [Values(2, 5, 16, 17)] int length)
    {
        var shuffler = new DocumentShuffler(LayoutTests.OfLengths(length), LayoutTests.Layout(kind, 16, 1024), seed: 1);
        for (int i = 0; i < 3; i++)
        {
            Assert.That(shuffler.Next().TargetCount, Is.InRange(1, length - 1));
            Assert.That(shuffler.Position, Is.EqualTo(new DataPosition(i, 1)));
        }
    }

    [Test]
    public void Every_batch_has_a_target([Values] LayoutKind kind, [Values] bool scoreEnd)
    {
        var shuffler = new DocumentShuffler(LayoutTests.OfLengths(1, 2, 1, 3, 1, 1, 2, 4, 1), LayoutTests.Layout(kind, 2, 2, scoreEnd), seed: 1);
        for (int i = 0; i < 200; i++)
        {
            Assert.That(shuffler.Next().TargetCount, Is.Positive);
        }
    }

    [Test]
    public void A_corpus_with_nothing_to_predict_is_refused([Values] LayoutKind kind)
    {
        UserErrors.ExpectMistake(
            () => _ = new DocumentShuffler(LayoutTests.OfLengths(1, 1), LayoutTests.Layout(kind, 16, 64), 1), "no document of two tokens");
        UserErrors.ExpectMistake(
            () => _ = new DocumentShuffler(LayoutTests.OfLengths(), LayoutTests.Layout(kind, 16, 64), 1), "no document of two tokens");
    }

    [Test]
    public void A_position_that_does_not_exist_is_refused()
    {
        var shuffler = new DocumentShuffler(LayoutTests.OfLengths(Lengths), BatchLayout.Packed(16, 4), seed: 1);
        using (Assert.EnterMultipleScope())
        {
            UserErrors.ExpectMistake(() => shuffler.Position = new DataPosition(0, 1_000_000), "step 1000000", "no such step");
            UserErrors.ExpectMistake(() => shuffler.Position = new DataPosition(-1, 0), "epoch -1");
            Assert.That(() => shuffler.BatchAt(new DataPosition(2, -1)), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    private static int[] Targets(DocumentShuffler shuffler, int epoch) =>
        [.. Enumerable.Range(0, shuffler.StepsIn(epoch))
            .SelectMany(step => shuffler.BatchAt(new DataPosition(epoch, step)).Targets.ToArray())
            .Where(target => target != TargetBuilder.None)];
}
