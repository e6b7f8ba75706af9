namespace TinyLM.Tests;

public class DocumentOffsetsTests
{
    [TestCase(new int[0], "0 entries, expected at least 2")]
    [TestCase(new[] { 0 }, "1 entries, expected at least 2")]
    [TestCase(new[] { 1, 5 }, "the first entry is 1, expected 0")]
    [TestCase(new[] { 0, 3, 3, 5 }, "document 1 has 0 tokens (from 3 to 3); leave empty documents out")]
    [TestCase(new[] { 0, 4, 2 }, "document 1 has -2 tokens (from 4 to 2)")]
    [TestCase(new[] { 0, 2_000_000_000, -2_000_000_000 }, "document 1 has -4000000000 tokens")]
    [TestCase(new[] { 0, 0 }, "document 0 has 0 tokens")]
    public void Wrong_offsets_are_refused_in_one_clear_line(int[] starts, string message)
    {
        Assert.That(() => new DocumentOffsets(starts), Throws.ArgumentException.With.Message.StartsWith("DocumentOffsets: ").And.Message.Contains(message));
    }

    [Test]
    public void Lengths_positions_and_counts_follow_from_the_starts()
    {
        var offsets = new DocumentOffsets([0, 3, 4, 6]);
        Assert.That(offsets.DocumentCount, Is.EqualTo(3));
        Assert.That(offsets.TokenCount, Is.EqualTo(6));
        Assert.That(offsets.LongestDocument, Is.EqualTo(3));
        Assert.That(offsets.LengthOf(2), Is.EqualTo(2));
        Assert.That(offsets.Positions.ToArray(), Is.EqualTo(new[] { 0, 1, 2, 0, 0, 1 }));
        Assert.That(offsets.LongestFirst[..3], Is.EqualTo(new[] { 0, 2, 1 }));
    }

    [Test]
    public void Lengths_one_document_and_rows_are_other_ways_to_say_it()
    {
        Assert.That(DocumentOffsets.FromLengths(3, 1, 2).Starts.ToArray(), Is.EqualTo(new[] { 0, 3, 4, 6 }));
        Assert.That(DocumentOffsets.OneDocument(5).Starts.ToArray(), Is.EqualTo(new[] { 0, 5 }));
        Assert.That(DocumentOffsets.Rows(7, 3).Starts.ToArray(), Is.EqualTo(new[] { 0, 3, 6, 7 }));
        Assert.That(DocumentOffsets.Rows(6, 3).Starts.ToArray(), Is.EqualTo(new[] { 0, 3, 6 }));
    }

    [TestCase(0)]
    [TestCase(-3)]
    public void Rows_of_no_length_are_refused(int rowLength)
    {
        Assert.That(() => DocumentOffsets.Rows(5, rowLength), Throws.InstanceOf<ArgumentException>());
    }

    [Test]
    public void More_tokens_than_an_index_can_name_are_refused()
    {
        Assert.That(() => DocumentOffsets.FromLengths(int.MaxValue, 1), Throws.InstanceOf<OverflowException>());
    }

    [Test]
    public void Later_changes_of_the_given_array_do_not_matter()
    {
        int[] starts = [0, 3];
        var offsets = new DocumentOffsets(starts);
        starts[1] = 9;
        Assert.That(offsets.TokenCount, Is.EqualTo(3));
    }
}
