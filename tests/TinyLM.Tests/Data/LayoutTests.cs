namespace TinyLM.Tests.Data;

public class LayoutTests
{
    internal const int Bos = 99;

    [Test]
    public void Targets_are_the_next_tokens_of_the_same_document()
    {
        TokenBatch batch = TargetBuilder.Build(Of([Bos], [Bos, 1], [Bos, 2, 3]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(batch.Ids.ToArray(), Is.EqualTo(new[] { Bos, Bos, 1, Bos, 2, 3 }));
            Assert.That(batch.Targets.ToArray(), Is.EqualTo(new[] { -1, 1, -1, 2, 3, -1 }));
            Assert.That(batch.TargetCount, Is.EqualTo(3));
            Assert.That(batch.Offsets.Starts.ToArray(), Is.EqualTo(new[] { 0, 1, 3, 6 }));
        }
    }

    [Test]
    public void The_end_of_a_document_is_a_target_if_it_is_scored()
    {
        TokenBatch batch = TargetBuilder.Build(Of([Bos], [Bos, 1]), scoreEnd: true);
        Assert.That(batch.Targets.ToArray(), Is.EqualTo(new[] { Bos, 1, Bos }));
        Assert.That(batch.TargetCount, Is.EqualTo(3));
    }

    [Test]
    public void A_long_document_is_cut_and_no_target_is_lost()
    {
        TokenBatch batch = BatchLayout.Documents(3, 100).InOrder(Of([Bos, 1, 2, 3, 4, 5, 6], [Bos, 7])).Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(batch.Ids.ToArray(), Is.EqualTo(new[] { Bos, 1, 2, 3, 4, 5, Bos, 7 }));
            Assert.That(batch.Targets.ToArray(), Is.EqualTo(new[] { 1, 2, 3, 4, 5, 6, 7, -1 }));
            Assert.That(batch.Offsets.Starts.ToArray(), Is.EqualTo(new[] { 0, 3, 6, 8 }));
        }
    }

    [Test]
    public void A_packed_row_reads_on_across_documents()
    {
        TokenizedDocuments documents = Of([Bos, 1, 2], [Bos, 3], [Bos, 4, 5, 6]);
        TokenBatch[] packed = [.. BatchLayout.Packed(4, 2).InOrder(documents)];
        TokenBatch[] chunked = [.. BatchLayout.Chunked(4, 2).InOrder(documents)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(packed[0].Ids.ToArray(), Is.EqualTo(new[] { Bos, 1, 2, Bos, 3, Bos, 4, 5 }));
            Assert.That(packed[0].Targets.ToArray(), Is.EqualTo(new[] { 1, 2, -1, 3, -1, 4, 5, 6 }));
            Assert.That(packed[0].Offsets.Starts.ToArray(), Is.EqualTo(new[] { 0, 4, 8 }));
            Assert.That(packed, Has.Length.EqualTo(1), "the last token has no target, so it makes no batch");
            Assert.That(chunked[0].Ids.ToArray(), Is.EqualTo(packed[0].Ids.ToArray()));
            Assert.That(chunked[0].Targets.ToArray(), Is.EqualTo(packed[0].Targets.ToArray()));
            Assert.That(chunked[0].Offsets.Starts.ToArray(), Is.EqualTo(new[] { 0, 3, 4, 5, 8 }));
        }
    }

    [Test]
    public void A_packed_row_predicts_BOS_only_if_ends_are_scored()
    {
        TokenBatch[] batches = [.. BatchLayout.Packed(4, 1, scoreEnd: true).InOrder(Of([Bos, 1, 2], [Bos, 3]))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(batches[0].Targets.ToArray(), Is.EqualTo(new[] { 1, 2, Bos, 3 }));
            Assert.That(batches[1].Targets.ToArray(), Is.EqualTo(new[] { Bos }));
        }
    }

    [Test]
    public void Every_token_after_BOS_is_a_target_once(
        [Values] LayoutKind kind, [Values(2, 3, 7, 16)] int contextLength, [Values(16, 40)] int tokensPerStep, [Values] bool scoreEnd)
    {
        int[] lengths = [.. Enumerable.Range(1, 20), 33, 1, 2, 50];
        TokenizedDocuments documents = OfLengths(lengths);
        BatchLayout layout = Layout(kind, contextLength, tokensPerStep, scoreEnd);
        TokenBatch[] batches = [.. layout.InOrder(documents)];
        int[] targets = [.. batches.SelectMany(batch => batch.Targets.ToArray()).Where(target => target != TargetBuilder.None)];
        int[] expected = [.. documents.AllIds().Where(id => id != Bos)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(targets.Where(target => target != Bos), Is.EqualTo(expected));
            Assert.That(targets.Count(target => target == Bos), Is.EqualTo(scoreEnd ? lengths.Length : 0));
            Assert.That(batches.Select(batch => batch.TokenCount), Is.All.LessThanOrEqualTo(tokensPerStep));
            Assert.That(batches.Select(batch => batch.Offsets.LongestDocument), Is.All.LessThanOrEqualTo(contextLength));
        }
    }

    [Test]
    public void A_layout_that_cannot_work_is_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            UserErrors.ExpectMistake(() => BatchLayout.Packed(1, 4), "context is 1 tokens long");
            UserErrors.ExpectMistake(() => BatchLayout.Documents(64, 32), "32 tokens a step, expected at least 64");
            UserErrors.ExpectMistake(() => BatchLayout.Packed(64, 0), "0 rows of 64");
            UserErrors.ExpectMistake(() => BatchLayout.Packed(1 << 20, 1 << 20), "expected at least one row and fewer than");
        }
    }

    [Test]
    public void A_batch_whose_parts_do_not_fit_is_refused() =>
        Assert.That(() => new TokenBatch([1, 2], [2], DocumentOffsets.OneDocument(2)), Throws.ArgumentException.With.Message.Contains("2 ids, 1 targets"));

    /// <summary>Documents whose tokens after BOS are all different: 100, 101, …</summary>
    internal static TokenizedDocuments OfLengths(params int[] lengths)
    {
        int next = 100;
        return Of([.. lengths.Select(length => new[] { Bos }.Concat(Enumerable.Range(0, length - 1).Select(_ => next++)).ToArray())]);
    }

    internal static TokenizedDocuments Of(params int[][] documents)
    {
        int[] starts = [0, .. documents.Select(document => document.Length)];
        for (int i = 1; i < starts.Length; i++)
        {
            starts[i] += starts[i - 1];
        }

        return new TokenizedDocuments([.. documents.SelectMany(document => document)], starts, Bos);
    }

    internal static BatchLayout Layout(LayoutKind kind, int contextLength, int tokensPerStep, bool scoreEnd = false) => kind switch
    {
        LayoutKind.Documents => BatchLayout.Documents(contextLength, tokensPerStep, scoreEnd),
        LayoutKind.Packed => BatchLayout.Packed(contextLength, tokensPerStep / contextLength, scoreEnd),
        _ => BatchLayout.Chunked(contextLength, tokensPerStep / contextLength, scoreEnd),
    };
}
