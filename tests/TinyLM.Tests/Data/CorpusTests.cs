namespace TinyLM.Tests.Data;

public class CorpusTests
{
    [Test]
    public void Duplicates_and_empty_documents_are_left_out()
    {
        Corpus corpus = Corpus.FromDocuments("test", [new("a", "one"), new("b", "two"), new("c", "one"), new("d", ""), new("e", "three")]);
        string[] all = [.. corpus.Training.Concat(corpus.Validation).Select(document => document.Name)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(all, Is.EquivalentTo(new[] { "a", "b", "e" }));
            Assert.That(corpus.DuplicateCount, Is.EqualTo(1));
            Assert.That(corpus.IsStream, Is.False);
        }
    }

    [Test]
    public void The_split_is_disjoint_near_a_tenth_and_does_not_depend_on_the_order()
    {
        Document[] documents = Numbers(2000);
        Corpus corpus = Corpus.FromDocuments("test", documents);
        Corpus reversed = Corpus.FromDocuments("test", documents.Reverse());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(corpus.Validation, Has.Count.InRange(150, 250));
            Assert.That(corpus.Training.Count + corpus.Validation.Count, Is.EqualTo(2000));
            Assert.That(corpus.Training.Intersect(corpus.Validation), Is.Empty);
            Assert.That(reversed.Validation, Is.EquivalentTo(corpus.Validation));
        }
    }

    [Test]
    public void A_document_keeps_its_side_when_others_come()
    {
        Corpus few = Corpus.FromDocuments("test", Numbers(500));
        Corpus many = Corpus.FromDocuments("test", Numbers(1000));
        Assert.That(many.Validation.Where(document => int.Parse(document.Name) < 500), Is.EquivalentTo(few.Validation));
    }

    [Test]
    public void Of_two_documents_one_is_held_out()
    {
        for (int i = 0; i < 20; i++)
        {
            Corpus corpus = Corpus.FromDocuments("test", [new("a", $"text {i}"), new("b", $"other {i}")]);
            Assert.That((corpus.Training.Count, corpus.Validation.Count), Is.EqualTo((1, 1)));
        }
    }

    [Test]
    public void A_text_is_cut_at_nine_tenths_of_its_characters()
    {
        string text = string.Concat(Enumerable.Range(0, 25).Select(i => (char)('a' + i)));
        Corpus corpus = Corpus.FromText("test", text);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(corpus.IsStream, Is.True);
            Assert.That(corpus.Training.Single().Text, Is.EqualTo(text[..22]));
            Assert.That(corpus.Validation.Single().Text, Is.EqualTo(text[22..]));
        }
    }

    [Test]
    public void A_cut_does_not_tear_an_emoji()
    {
        string text = string.Concat(Enumerable.Repeat("😀", 10));
        Corpus corpus = Corpus.FromText("test", text);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(corpus.Training.Single().Text, Has.Length.EqualTo(18));
            Assert.That(corpus.Validation.Single().Text, Is.EqualTo("😀"));
        }
    }

    [Test]
    public void Lines_are_documents_without_blanks_and_line_ends()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("names.txt", "emma\r\nolivia\n\n  \nava\nemma\nlast");
        Corpus corpus = Corpus.Create(DocumentSource.Lines(path));
        Document[] all = [.. corpus.Training.Concat(corpus.Validation)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(all.Select(document => document.Text), Is.EquivalentTo(new[] { "emma", "olivia", "ava", "last" }));
            Assert.That(all.Select(document => document.Name), Does.Contain("names.txt:5"));
        }
    }

    [Test]
    public void A_folder_is_read_in_ordinal_order_with_subfolders()
    {
        using var folder = new TemporaryFolder();
        folder.Write("b.txt", "bee");
        folder.Write("a/z.txt", "zed");
        folder.Write("B.txt", "big bee");
        folder.Write("empty.txt", "");
        folder.Write(".hidden/x.txt", "hidden");
        Directory.CreateSymbolicLink(folder.File("loop"), folder.Path);
        Corpus corpus = Corpus.Create(DocumentSource.Folder(folder.Path));
        var order = corpus.Training.Concat(corpus.Validation).Select(document => document.Name).Order(StringComparer.Ordinal);
        Assert.That(order, Is.EqualTo(new[] { "B.txt", Path.Combine("a", "z.txt"), "b.txt" }));
    }

    [Test]
    public void A_byte_order_mark_is_dropped()
    {
        using var folder = new TemporaryFolder();
        Assert.That(DocumentSource.Text(folder.Write("x.txt", [0xEF, 0xBB, 0xBF, (byte)'a'])).Read().Single().Text, Is.EqualTo("a"));
    }

    [Test]
    public void Held_out_documents_of_their_own_are_all_kept_and_none_of_them_is_trained_on()
    {
        Document[] training = [new("a", "one"), new("b", "two"), new("c", "one"), new("d", "three")], heldOut = [new("x", "two"), new("y", "four"), new("z", "four")];
        Corpus corpus = Corpus.Create(DocumentSource.Of("t", training), DocumentSource.Of("v", heldOut));
        Corpus withDuplicates = Corpus.Create(DocumentSource.Of("t", training), DocumentSource.Of("v", heldOut), keepDuplicates: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(withDuplicates.Training, Is.EqualTo(training));
            Assert.That(withDuplicates.Validation, Is.EqualTo(heldOut));
            Assert.That(withDuplicates.Fingerprint(), Is.Not.EqualTo(corpus.Fingerprint()));
            Assert.That(corpus.Training.Select(document => document.Name), Is.EqualTo(new[] { "a", "d" }));
            Assert.That(corpus.Validation, Is.EqualTo(heldOut));
            Assert.That(corpus.DuplicateCount, Is.EqualTo(2));
            UserErrors.ExpectMistake(() => _ = Corpus.Create(DocumentSource.Of("t", heldOut), DocumentSource.Of("v", heldOut)).Training, "every document is also held out");
            UserErrors.ExpectMistake(() => _ = Corpus.Create(DocumentSource.Of("t", training), DocumentSource.Of("v", [new("x", "")])).Training, "v: no document has any text");
        }
    }

    [Test]
    public void A_smaller_subset_lies_within_a_larger_one_and_keeps_the_sides()
    {
        Corpus corpus = Corpus.FromDocuments("test", Numbers(1000));
        Corpus small = corpus.Subset(maxDocuments: 50), large = corpus.Subset(maxDocuments: 200), bytes = corpus.Subset(maxBytes: 1000);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(small.Training.Count + small.Validation.Count, Is.InRange(50, 52));
            Assert.That(small.Training, Is.SubsetOf(large.Training));
            Assert.That(small.Validation, Is.SubsetOf(large.Validation));
            Assert.That(large.Validation, Is.SubsetOf(corpus.Validation));
            Assert.That(bytes.Training.Concat(bytes.Validation).Sum(document => document.Text.Length), Is.InRange(900, 1001));
            Assert.That(corpus.Subset(maxBytes: 1).Validation, Has.Count.EqualTo(1));
            Assert.That(Corpus.FromText("t", new string('a', 100)).Subset(maxBytes: 50).Training.Single().Text, Has.Length.EqualTo(45));
        }
    }

    private static Document[] Numbers(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Document($"{i}", $"number {i}"))];
}
