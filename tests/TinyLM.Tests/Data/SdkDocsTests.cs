namespace TinyLM.Tests.Data;

public class SdkDocsTests
{
    private const string Example = """
        <?xml version="1.0" encoding="utf-8"?>
        <doc>
          <members>
            <member name="M:System.Collections.Generic.Dictionary`2.TryGetValue(`0,`1@)">
              <summary>Gets the value of the
                 specified <paramref name="key" />, see <see cref="T:System.Collections.Generic.Dictionary`2" /> or <see href="https://x.y">this &amp; that</see>.</summary>
              <param name="key">The key.</param>
              <exception cref="T:System.ArgumentNullException">
                <paramref name="key" /> is <see langword="null" />.</exception>
              <returns><para>First.</para><para>Second: <c>code</c>.</para></returns>
              <unknown>not shown</unknown>
            </member>
            <member name="M:System.String.#ctor(System.Char,System.Nullable{System.Int32}[])"><summary>Makes a <see cref="F:System.String.Empty"/>.</summary></member>
            <member name="P:X.Y"><inheritdoc/></member>
            <member name="P:X.Z" />
          </members>
        </doc>
        """;

    [Test]
    public void A_member_is_rendered_as_plain_text()
    {
        using var folder = new TemporaryFolder();
        folder.Write("packs/A.Ref/1.0/ref/a.xml", Example);
        Document[] documents = [.. SdkDocs.Read(folder.Path)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(documents, Has.Length.EqualTo(2));
            Assert.That(documents[0].Text, Is.EqualTo("""
                Method System.Collections.Generic.Dictionary.TryGetValue(T0, T1)
                Gets the value of the specified key, see Dictionary or this & that.
                key: The key.
                Throws ArgumentNullException: key is null.
                Returns: First. Second: code.
                """.ReplaceLineEndings("\n")));
            Assert.That(documents[1].Text, Is.EqualTo("Constructor System.String.String(Char, Nullable<Int32>[])\nMakes a String.Empty."));
        }
    }

    [Test]
    public void Equal_files_and_members_are_read_once_in_ordinal_order()
    {
        using var folder = new TemporaryFolder();
        folder.Write("packs/B.Ref/1.0/ref/a.xml", Example);
        folder.Write("packs/A.Ref/1.0/ref/a.xml", Example);
        folder.Write("packs/A.Ref/1.0/ref/B.xml", Example.Replace("Makes a", "Makes another", StringComparison.Ordinal));
        folder.Write("packs/Other/1.0/c.xml", "<no");
        Corpus corpus = SdkDocs.Load(folder.Path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(SdkDocs.Read(folder.Path).Count(), Is.EqualTo(4));
            Assert.That(SdkDocs.Read(folder.Path).ElementAt(1).Text, Does.Contain("another"));
            Assert.That(corpus.Training.Count + corpus.Validation.Count, Is.EqualTo(3));
            Assert.That(corpus.DuplicateCount, Is.EqualTo(1));
        }
    }

    [Test]
    public void A_folder_without_documentation_or_with_broken_documentation_costs_one_line()
    {
        using var folder = new TemporaryFolder();
        UserErrors.ExpectMistake(() => SdkDocs.Load(folder.Path), "no packs/*.Ref/**/*.xml");
        folder.Write("packs/A.Ref/a.xml", "<doc><members><member name='T:X'><summary>text");
        UserErrors.Expect(() => _ = SdkDocs.Load(folder.Path).Training, UserException.World, "a.xml: is not well-formed XML");
    }

    [Test]
    public void A_quick_start_takes_the_same_members_from_each_copy()
    {
        using var folder = new TemporaryFolder();
        string members = string.Concat(Enumerable.Range(0, 2000).Select(i =>
            $"<member name=\"T:X{i}\"><summary>Does {i}.</summary></member><member name=\"T:Y{i}\" />"));
        folder.Write("packs/A.Ref/a.xml", $"<?xml version=\"1.0\"?><doc><members>{members}</members></doc>");
        folder.Write("packs/B.Ref/b.xml", $"<doc><members>{members}</members></doc>");
        Corpus all = SdkDocs.Load(folder.Path);
        Corpus some = SdkDocs.Load(folder.Path, maxBytes: 4000), again = SdkDocs.Load(folder.Path, maxBytes: 4000);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(all.Training.Count + all.Validation.Count, Is.EqualTo(2000));
            Assert.That(some.Training.Concat(some.Validation).Sum(document => document.Text.Length), Is.InRange(3500, 4001));
            Assert.That(some.Training, Is.SubsetOf(all.Training));
            Assert.That(some.Validation, Is.Not.Empty.And.SubsetOf(all.Validation));
            Assert.That(again.Training, Is.EqualTo(some.Training));
        }
    }

    [Test]
    public void The_installed_documentation_makes_a_corpus()
    {
        Corpus corpus = SdkDocs.Load(maxBytes: 1_000_000);
        string[] texts = [.. corpus.Training.Concat(corpus.Validation).Select(document => document.Text)];
        TestContext.Out.WriteLine($"{corpus.Training.Count} + {corpus.Validation.Count} documents, {corpus.DuplicateCount} duplicates");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(texts.Sum(text => (long)text.Length), Is.InRange(900_000, 1_000_000));
            Assert.That(texts.Distinct().Count(), Is.EqualTo(texts.Length));
            Assert.That(corpus.Validation, Has.Count.InRange(texts.Length / 14, texts.Length / 7));
        }
    }
}
