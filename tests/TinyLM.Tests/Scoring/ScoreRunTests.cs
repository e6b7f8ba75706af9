using System.Text.Json;
using Spectre.Console;

namespace TinyLM.Tests;

/// <summary>Scoring from a checkpoint to the last file, with a model of a few steps.</summary>
public class ScoreRunTests
{
    private readonly TemporaryFolder _folder = new();
    private string _run = "";

    [OneTimeSetUp]
    public void Train()
    {
        string text = _folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i * 7919 % 1000}")));
        _run = _folder.File("runs/tiny");
        PretrainRun.Execute(
            new PretrainOptions
            {
                Preset = "names",
                Corpus = "lines",
                Text = text,
                Out = _run,
                Device = "cpu",
                Threads = 1,
                Steps = 4,
                Set =
                [
                    "model.layerCount=1", "model.width=16", "model.hiddenWidth=16", "model.headCount=2", "model.keyValueHeadCount=2", "model.contextLength=12",
                    "training.tokensPerStep=64", "training.scoreEnd=false",
                ],
            },
            TrainingDisplay.Silent);
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public void A_sweep_scores_what_is_not_there_yet_and_draws_its_plots()
    {
        string output = _folder.File("sweep");
        var options = new TttSweepOptions
        {
            Score = Options(output) with { Window = 6 },
            Chunks = [2, 3],
            LearningRates = [0.01],
            Ranks = [2],
            Modes = ["strided", "ttt"],
            Out = output,
        };
        using var first = new StringWriter();
        TttChoices points = TttSweep.Run(options, Display(first))!;
        using var second = new StringWriter();
        TttChoices more = TttSweep.Run(options with { Modes = ["strided", "ttt", "ttt-streaming"], StepLimits = [0, 1] }, Display(second))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(points.Scores.Select(score => score.Point.Name), Is.EqualTo(new[] { "strided 2", "ttt 2, rank 2, rate 0.01", "strided 3", "ttt 3, rank 2, rate 0.01" }));
            Assert.That(more.Scores.Take(4).Select(score => score.Point), Is.EqualTo(points.Scores.Select(score => score.Point)));
            Assert.That(more.Scores.Take(4).SelectMany(score => score.Documents), Is.EqualTo(points.Scores.SelectMany(score => score.Documents)));
            Assert.That(more.Scores.Skip(4).Select(score => score.Point.StepLimit), Is.EqualTo(new[] { 1, 0, 1, 1, 0, 1 }));
            Assert.That(more.Best.Select(choice => (choice.Score.Point.Mode, choice.Score.Point.Chunk)),
                Is.EqualTo(new[] { ("strided", 2), ("strided", 3), ("ttt", 2), ("ttt", 3), ("ttt-streaming", 2), ("ttt-streaming", 3) }));
            Assert.That(more.Best.Select(choice => choice.AgainstStrided is null), Is.EqualTo(new[] { true, true, false, false, false, false }));
            Assert.That(second.ToString(), Does.Not.Contain("strided 2:").And.Contain("ttt-streaming 2").And.Contain("chosen on every other document"));
            Assert.That(File.ReadAllBytes(Path.Combine(output, "loss-over-time.png")), Has.Length.GreaterThan(1000));
            Assert.That(File.ReadAllBytes(Path.Combine(output, "loss-over-chunk.png")), Has.Length.GreaterThan(1000));
            UserErrors.ExpectMistake(() => TttSweep.Run(options with { Score = options.Score with { MaxDocuments = 1 } }, TrainingDisplay.Silent), "of other documents");
            TestTimeTrainingConfig faster = options.Score.TestTimeTraining with { Beta2 = 0.5 };
            UserErrors.ExpectMistake(() => TttSweep.Run(options with { Score = options.Score with { TestTimeTraining = faster } }, TrainingDisplay.Silent), "with other settings");
            UserErrors.ExpectMistake(() => TttSweep.Run(options with { Modes = ["packed"] }, TrainingDisplay.Silent), "'packed' is unknown");
        }
    }

    [Test]
    public void A_ladder_over_what_the_run_has_held_out_leaves_table_report_and_results()
    {
        string output = _folder.File("ladder");
        using var console = new StringWriter();
        IReadOnlyList<ScoreReport> reports = ScoreRun.Execute(Options(output) with { Scorers = ["packed", "chunked", "strided:2"], Window = 6 }, Display(console))!;
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "results.json")));
        JsonElement root = json.RootElement;
        string html = File.ReadAllText(Path.Combine(output, "report.html"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(reports.Select(report => report.Scorer), Is.EqualTo(new[] { "packed 6", "chunked 6", "strided 6/2" }));
            Assert.That(console.ToString(), Does.Contain("none was trained on").And.Contain("strided 6/2").And.Contain("against the row above"));
            Assert.That(root.GetProperty("overlap").GetInt32(), Is.Zero);
            Assert.That(root.GetProperty("scorers")[2].GetProperty("score").GetProperty("loss").GetDouble(), Is.EqualTo(reports[2].Total.Loss));
            Assert.That(root.GetProperty("documentTargets").GetArrayLength(), Is.EqualTo(reports[0].Documents.Count));
            Assert.That(html, Does.Contain("<h3>Loss by position in the document</h3>").And.Contain("<td>strided 6/2").And.Contain("class=\"dots"));
            Assert.That(html, Does.Not.Match(@"https?://|<link|\bsrc=|@import|url\(").And.Not.Match(@"[ML""][^""<>]*(NaN|∞|Infinity)[^<>]*""/>"));
        }
    }

    [Test]
    public void Its_own_ids_and_its_text_are_scored_the_same_and_training_documents_are_noticed()
    {
        string names = _folder.Write("held.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i * 7919 % 1000}"))), nats = _folder.File("nats.jsonl");
        ScoreReport text = ScoreRun.Execute(Options(_folder.File("text")) with { Corpus = "lines", Text = names, Nats = nats }, TrainingDisplay.Silent)![0];
        string ids = _folder.Write("ids.jsonl", string.Join('\n', File.ReadLines(names).Select(name => $"[256,{string.Join(',', System.Text.Encoding.UTF8.GetBytes(name))}]")));
        using var console = new StringWriter();
        ScoreReport ready = ScoreRun.Execute(Options(_folder.File("ids")) with { Ids = ids }, Display(console))![0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ready.Nats, Is.EqualTo(text.Nats));
            Assert.That(ready.Total, Is.EqualTo(text.Total));
            Assert.That(Directory.GetFiles(_folder.File("text")).Select(Path.GetFileName), Is.EquivalentTo(new[] { "report.html", "results.json" }));
            Assert.That(NatsFile.Read(nats).SelectMany(values => values), Is.EqualTo(text.Nats));
            Assert.That(console.ToString(), Does.Match(@"\d+ WERE TRAINED ON"));
            Assert.That(ScoreRun.Execute(Options(_folder.File("two")) with { Ids = ids, MaxDocuments = 2 }, TrainingDisplay.Silent)![0].Documents, Has.Count.EqualTo(2));
        }
    }

    [Test]
    public void Scores_in_files_are_compared()
    {
        string ladder = _folder.File("compared"), nats = _folder.File("compared.jsonl");
        IReadOnlyList<ScoreReport> reports = ScoreRun.Execute(Options(ladder) with { Scorers = ["packed", "strided:1"], Window = 4 }, TrainingDisplay.Silent)!;
        ScoreRun.Execute(Options(_folder.File("compared-2")) with { Scorers = ["packed"], Window = 4, Nats = nats }, TrainingDisplay.Silent);
        double expected = reports[1].Total.Loss - reports[0].Total.Loss;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ScoreFiles.Compare($"{ladder}#packed 4", $"{ladder}/results.json#strided 4/1").Loss, Is.EqualTo(expected).Within(1e-12));
            Assert.That(ScoreFiles.Compare(nats, $"{ladder}#strided 4/1").Loss, Is.EqualTo(expected).Within(1e-6));
            Assert.That(ScoreFiles.Compare(nats, _folder.File("compared-2")).Loss, Is.EqualTo(0).Within(1e-12));
            UserErrors.ExpectMistake(() => ScoreFiles.Compare(nats, ladder), "scores of 2 scorers", "packed 4; strided 4/1");
            UserErrors.ExpectMistake(() => ScoreFiles.Compare(nats, $"{ladder}#best"), "has no scorer 'best'");
            UserErrors.ExpectMistake(() => ScoreFiles.Compare(nats, _folder.Write("short.jsonl", "[1]\n")), "documents", "has 1");
            UserErrors.ExpectMistake(() => ScoreFiles.Compare(nats, _folder.Write("broken.json", "{")), "broken.json");
            UserErrors.ExpectMistake(() => ScoreFiles.Compare(nats, _folder.File("missing")), "no such file");
        }
    }

    [Test]
    public void A_mistake_is_one_line_before_anything_is_scored()
    {
        ScoreOptions options = Options(_folder.File("mistake"));
        using (Assert.EnterMultipleScope())
        {
            Expect(options with { Checkpoint = _folder.File("nothing") }, "no such folder");
            Expect(options with { Checkpoint = _folder.Path }, "holds no checkpoint");
            Expect(options with { Scorers = ["best"] }, "'best' is unknown", "packed, chunked, strided");
            Expect(options with { Scorers = ["packed:3"] }, "packed has no chunks");
            Expect(options with { Scorers = ["strided:x"] }, "'x' is no number");
            Expect(options with { Scorers = ["packed", "strided:9"], Window = 8 }, "stride of 9", "1 to 8");
            Expect(options with { Window = 13 }, "window of 13", "context is 12");
            Expect(options with { Scorers = ["packed", "strided"], Nats = "nats" }, "--nats", "one scorer");
            Expect(options with { Ids = "a", Corpus = "lines", Text = "b" }, "--ids");
            Expect(options with { Corpus = "lines" }, "--text");
            Expect(options with { Ids = _folder.Write("bad-ids", "[256, 999]") }, "line 1: value 2 is 999", "0 to 256");
            Expect(options with { Ids = _folder.Write("no-target", "[256]\n") }, "no target");
            Expect(options with { MaxTokens = 0 }, "--max-tokens", "at least 1");
            Expect(options with { Out = _folder.Write("taken/results.json", "{}")[..^"/results.json".Length] }, "holds results already");
            Assert.That(Directory.Exists(_folder.File("mistake")), Is.False);
        }

        static void Expect(ScoreOptions options, params string[] parts) => UserErrors.ExpectMistake(() => ScoreRun.Execute(options, TrainingDisplay.Silent), parts);
    }

    [Test]
    public void A_checkpoint_of_its_own_folder_is_known_by_its_run_and_one_that_was_moved_is_not()
    {
        string inside = Directory.GetDirectories(Path.Combine(_run, "checkpoints")).Order(StringComparer.Ordinal).Last(), moved = _folder.File("moved");
        Directory.CreateDirectory(moved);
        foreach (string file in Directory.GetFiles(inside))
        {
            File.Copy(file, Path.Combine(moved, Path.GetFileName(file)));
        }

        Assert.That(ScoreRun.Execute(Options(_folder.File("inside")) with { Checkpoint = inside }, TrainingDisplay.Silent), Has.Count.EqualTo(1));
        UserErrors.ExpectMistake(() => ScoreRun.Execute(Options(_folder.File("nowhere")) with { Checkpoint = moved }, TrainingDisplay.Silent), "no run to tell what was held out");
    }

    [Test]
    public void Ours_are_audited_by_name()
    {
        var options = new AuditOptions { Checkpoint = _run, Scorer = "strided:2", Window = 6, Device = "cpu", Threads = 1 };
        using var console = new StringWriter();
        Assert.That(AuditRun.Execute(options, Display(console)).Passed, console.ToString());
        Assert.That(console.ToString(), Does.Contain("pass").And.Not.Contain("FAIL"));
        using (Assert.EnterMultipleScope())
        {
            Expect(options with { Tolerance = double.NaN }, "--tolerance");
            Expect(options with { Scorer = "ttt:2", TestTimeTraining = new TestTimeTrainingConfig { LearningRate = -1 } }, "a learning rate of -1");
            Expect(options with { Scorer = null }, "no scorer is named");
            Expect(options with { Program = "x {ids} {nats}" }, "--scorer and --program");
            Expect(options with { Checkpoint = null }, "--checkpoint");
            Expect(options with { Scorer = null, Program = "x {ids} {nats}", Checkpoint = null }, "--vocabulary");
            Expect(options with { Scorer = null, Assembly = "x.dll" }, "--type");
            Expect(options with { Scorer = null, Assembly = typeof(ScoreRunTests).Assembly.Location, Type = "None" }, "has no scorer 'None'");
        }

        static void Expect(AuditOptions options, params string[] parts) => UserErrors.ExpectMistake(() => AuditRun.Execute(options, TrainingDisplay.Silent), parts);
    }

    [Test]
    public void So_is_a_class_of_ones_own()
    {
        var options = new AuditOptions { Checkpoint = _run, Assembly = typeof(ScorerOfOnesOwn).Assembly.Location, Type = nameof(ScorerOfOnesOwn), Window = 6, Device = "cpu", Threads = 1 };
        using var console = new StringWriter();
        Assert.That(AuditRun.Execute(options, Display(console)).Passed, console.ToString());
    }

    private ScoreOptions Options(string output) => new() { Checkpoint = _run, Out = output, Device = "cpu", Threads = 1 };

    private static TrainingDisplay Display(StringWriter writer) => new(AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        ColorSystem = ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(writer),
    }));
}
