namespace TinyLM.Tests;

/// <summary>Ids and scores that come in files, and programs that read and write them: what is malformed costs one clear line.</summary>
public class ScoreFileTests
{
    private static readonly TokenizedDocuments Documents = TinyModels.Documents(7, 4, 1, 3);

    [Test]
    public void Ids_come_back_as_they_were_and_any_id_may_begin_a_document()
    {
        using var folder = new TemporaryFolder();
        IdsFile.Write(folder.File("ids"), Documents);
        TokenizedDocuments read = IdsFile.Read(folder.File("ids"), TinyModels.Vocabulary, bosId: 10);
        Assert.That(read.Fingerprint(), Is.EqualTo(Documents.Fingerprint()));
        TokenizedDocuments others = IdsFile.Read(folder.Write("others", "[3, 1]\n[ 0 ]\r\n[7,7,7]"), TinyModels.Vocabulary, bosId: 10);
        Assert.That((others.Count, others.ToArray(0), others.ToArray(1), others.ToArray(2), others.BosId), Is.EqualTo((3, new[] { 3, 1 }, new[] { 0 }, new[] { 7, 7, 7 }, 10)));
    }

    [Test]
    public void Scores_come_back_to_the_bit()
    {
        using var folder = new TemporaryFolder();
        float[] nats = [1f / 3, 1e-30f, 12345.678f, float.Epsilon, 0];
        NatsFile.Write(folder.File("nats"), ScoreReport.Of("fixed", nats, Documents, scoreEnd: false, [], seconds: 0));
        Assert.That(File.ReadAllLines(folder.File("nats")), Has.Length.EqualTo(3).And.ItemAt(1).EqualTo("[]"));
        Assert.That(NatsFile.Read(folder.File("nats"), Documents, scoreEnd: false), Is.EqualTo(nats));
    }

    [TestCase("", "is empty")]
    [TestCase("[1,2]\n\n[3]", "line 2 is no JSON array")]
    [TestCase("[1,2]\n[]\n", "line 2 has no ids")]
    [TestCase("[1,2]\n[1,11]\n", "line 2: value 2 is 11, expected an id, a whole number from 0 to 10")]
    [TestCase("[-1]", "line 1: value 1 is -1")]
    [TestCase("[1, 2.5]", "line 1: value 2 is 2.5")]
    [TestCase("[99999999999]", "value 1 is 99999999999")]
    [TestCase("[1, \"2\"]", "line 1: value 2 is \"2\"")]
    [TestCase("[1, [2]]", "line 1: value 2 is [")]
    [TestCase("[1, 2", "line 1 is no JSON array of numbers, after 1 values")]
    [TestCase("[1] [2]", "line 1 is no JSON array of numbers")]
    [TestCase("{\"ids\": [1]}", "line 1 is no JSON array")]
    [TestCase("1 2 3", "line 1 is no JSON array")]
    [TestCase("[1]\n\u0000", "NUL byte")]
    public void Malformed_ids_are_one_line_that_says_where(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("ids", content);
        UserErrors.ExpectMistake(() => IdsFile.Read(path, TinyModels.Vocabulary, bosId: 10), path, expected);
    }

    [TestCase("[1,2,3]\n[]\n", "has 2 lines, expected 3")]
    [TestCase("[1,2,3]\n[]\n[1,2]\n[]\n", "has 4 lines, expected 3")]
    [TestCase("[1,2,3]\n[]\n[1]\n", "line 3 has 1 values, expected 2")]
    [TestCase("[1,2,3]\n[1]\n[1,2]\n", "line 2 has 1 values, expected 0")]
    [TestCase("[1,2,NaN]\n[]\n[1,2]\n", "line 1 is no JSON array of numbers, after 2 values")]
    [TestCase("[1,2,1e999]\n[]\n[1,2]\n", "line 1: value 3 is 1e999, expected a finite number")]
    [TestCase("[1,2,null]\n[]\n[1,2]\n", "line 1: value 3 is null")]
    public void Malformed_scores_are_one_line_that_says_where(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("nats", content);
        UserErrors.ExpectMistake(() => NatsFile.Read(path, Documents, scoreEnd: false), path, expected);
    }

    [Test]
    public void A_missing_file_is_told_of()
    {
        UserErrors.ExpectMistake(() => IdsFile.Read("no-such-file", 5, 0), "no-such-file: no such file");
        UserErrors.ExpectMistake(() => NatsFile.Read("no-such-file"), "no-such-file: no such file");
    }

    /// <summary>The uniform distribution over 11 ids, written by sed.</summary>
    [Test]
    [Platform("Linux,MacOsX")]
    public void A_program_scores_and_passes_the_audit()
    {
        using var folder = new TemporaryFolder();
        string script = folder.Write("uniform.sh", "sed -E 's/^\\[[0-9]+,?//; s/[0-9]+/2.3978953/g; s/^/[/' \"$1\" > \"$2\"\n");
        var scorer = new ProgramScorer($"sh \"{script}\" {{ids}} {{nats}}", scoreEnd: false, TimeSpan.FromSeconds(20));
        Assert.That(scorer.Score(Documents), Has.Length.EqualTo(5).And.All.EqualTo(2.3978953f));
        AuditReport report = ScorerAudit.Run(scorer, new ScorerAuditOptions { VocabularySize = 11, ContextId = 10, Window = 4, Stride = 2 });
        Assert.That(report.Failures.Select(failure => failure.Probe), Is.EqualTo(new[] { "each target once" }), "its scores do not tell tokens apart");
        Assert.That(report.Findings.Single(finding => finding.Probe == "normalised").Verdict, Is.EqualTo(AuditVerdict.Passed));
    }

    [TestCase("exit 3", "failed with exit code 3", "it says nothing")]
    [TestCase("echo first >&2; echo 'out of memory' >&2; exit 1", "exit code 1", "out of memory")]
    [TestCase("true", "wrote no scores")]
    [TestCase("echo '[1,2,3]' > \"$2\"", "has 1 lines, expected 3")]
    [TestCase("printf '[1,2,3]\\n[]\\n[1]\\n' > \"$2\"", "line 3 has 1 values, expected 2")]
    [TestCase("printf '[1,2,NaN]\\n[]\\n[1,2]\\n' > \"$2\"", "line 1")]
    [TestCase("sleep 20", "has not ended after 0.3 seconds")]
    [Platform("Linux,MacOsX")]
    public void A_program_that_fails_is_one_line(string script, params string[] expected)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("scorer.sh", script);
        double limit = script.StartsWith("sleep", StringComparison.Ordinal) ? 0.3 : 20;
        UserErrors.ExpectMistake(() => new ProgramScorer($"sh {path} {{ids}} {{nats}}", scoreEnd: false, TimeSpan.FromSeconds(limit)).Score(Documents), expected);
    }

    [Test]
    public void A_program_that_is_not_there_or_takes_no_files_is_refused()
    {
        UserErrors.ExpectMistake(() => new ProgramScorer("no-such-program {ids} {nats}", false, TimeSpan.FromSeconds(5)).Score(Documents), "'no-such-program' cannot be started");
        UserErrors.ExpectMistake(() => _ = new ProgramScorer("scorer {ids}", false, TimeSpan.FromSeconds(5)), "has no {nats}");
    }
}
