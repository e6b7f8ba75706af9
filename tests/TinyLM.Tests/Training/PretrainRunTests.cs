using System.Text.Json;
using Spectre.Console;

namespace TinyLM.Tests;

public class PretrainRunTests
{
    [Test]
    public void A_run_leaves_results_metrics_plot_and_checkpoint_and_a_stopped_one_resumes_to_the_same_weights()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i * 7919 % 1000}")));
        PretrainOptions options = Options(folder, text, "whole");
        RunResults whole = PretrainRun.Execute(options, TrainingDisplay.Silent)!;

        using var stop = new CancellationTokenSource();
        stop.Cancel();
        PretrainOptions halted = Options(folder, text, "halted");
        RunResults? none = PretrainRun.Execute(halted, TrainingDisplay.Silent, stop.Token);
        RunResults resumed = PretrainRun.Execute(halted with { Resume = true }, TrainingDisplay.Silent)!;

        string path = folder.File("whole");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(System.IO.Path.Combine(path, "results.json")));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(none, Is.Null);
            Assert.That(resumed.WeightsSha256, Is.EqualTo(whole.WeightsSha256));
            Assert.That(json.RootElement.GetProperty("validation").GetProperty("strided").GetProperty("targets").GetInt64(), Is.GreaterThan(0));
            Assert.That(json.RootElement.GetProperty("peakBytes").GetInt64(), Is.GreaterThan(0));
            Assert.That(whole.Samples, Has.Count.EqualTo(3));
            Assert.That(File.ReadAllLines(System.IO.Path.Combine(path, "metrics.jsonl")), Has.Length.EqualTo(4));
            Assert.That(File.ReadAllBytes(System.IO.Path.Combine(path, "loss.png")).AsSpan(1, 3).ToArray(), Is.EqualTo("PNG"u8.ToArray()));
            Assert.That(Directory.GetFiles(path, "model.safetensors", SearchOption.AllDirectories), Is.Not.Empty);
            Assert.That(File.ReadAllText(System.IO.Path.Combine(path, "report.html")), Does.Contain("Finished").And.Contain("<td>strided<td>"));
            Assert.That(Directory.GetFiles(System.IO.Path.Combine(path, "tensorboard")), Has.Length.EqualTo(1));
            Assert.That(Directory.GetFiles(folder.File("halted/tensorboard")), Has.Length.EqualTo(2));
        }
    }

    [Test]
    public void A_run_with_byte_pairs_goes_on_in_the_middle_of_an_epoch([Values] ShuffleKind shuffle)
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 600).Select(i => $"anna and hannah {i} an ananas")));
        PretrainOptions options = Options(folder, text, "whole") with { Tokenizer = "bpe:280", Layout = "best-fit", Shuffle = EnumName.Of(shuffle) };
        RunResults whole = PretrainRun.Execute(options, TrainingDisplay.Silent)!;
        PretrainOptions halted = options with { Out = folder.File("halted"), SaveSeconds = 0 };
        PretrainRun.Execute(halted, TrainingDisplay.Silent);
        string[] checkpoints = [.. Directory.GetDirectories(folder.File("halted/checkpoints")).Order(StringComparer.Ordinal)];
        Directory.Delete(checkpoints[^1], recursive: true);
        RunResults resumed = PretrainRun.Execute(halted with { Resume = true }, TrainingDisplay.Silent)!;
        Assert.That(resumed.WeightsSha256, Is.EqualTo(whole.WeightsSha256));
    }

    [Test]
    public void Layouts_are_shown_and_no_run_is_begun()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i}")));
        PretrainOptions options = Options(folder, text, "run") with { ShowLayouts = true };
        var output = new StringWriter();
        Assert.That(PretrainRun.Execute(options, new TrainingDisplay(Console(output))), Is.Null);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(output.ToString(), Does.Contain("a token stands for 1.00 bytes"));
            Assert.That(Enum.GetValues<LayoutKind>().Select(EnumName.Of), Is.All.Matches<string>(name => output.ToString().Contains($" {name} ", StringComparison.Ordinal)));
            Assert.That(Directory.Exists(options.Out), Is.False);
        }
    }

    [Test]
    public void Validation_during_the_run_changes_no_bit_and_the_best_checkpoint_is_told()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i * 7919 % 1000}")));
        RunResults without = PretrainRun.Execute(Options(folder, text, "without") with { ValidateEvery = 0 }, TrainingDisplay.Silent)!;
        RunResults with = PretrainRun.Execute(Options(folder, text, "with") with { ValidateEvery = 3 }, TrainingDisplay.Silent)!;
        StepMetrics[] steps = [.. MetricsLog.Read(folder.File("with/metrics.jsonl"))];
        StepMetrics best = steps.Where(step => step.ValidationLoss is not null).MinBy(step => step.ValidationLoss);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(with.WeightsSha256, Is.EqualTo(without.WeightsSha256));
            Assert.That(with.TrainingStepBytes, Is.EqualTo(without.TrainingStepBytes));
            Assert.That(without.Best, Is.Null);
            Assert.That(steps.Where(step => step.ValidationLoss is not null).Select(step => step.Step), Is.EqualTo(new[] { 3, 4 }), "every third step, and the last");
            Assert.That(with.Best, Is.EqualTo(new BestCheckpoint(best.Step, best.ValidationLoss!.Value, System.IO.Path.Combine("checkpoints", $"step-00000{best.Step}"))));
            Assert.That(Checkpoint.Open(folder.File($"with/{with.Best!.Folder}")).ValidationLoss, Is.EqualTo(with.Best.Loss));
            Assert.That(steps[^1].ValidationLoss, Is.EqualTo(with.Validation["strided"].Loss).Within(1e-6), "all of so small a corpus is the sample, and whole names as in training");
        }
    }

    [Test]
    public void A_run_that_is_stopped_while_it_is_scored_resumes_to_its_results()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i * 7919 % 1000}")));
        PretrainOptions options = Options(folder, text, "run");
        using var stop = new CancellationTokenSource();
        using var output = new StopAt("scoring", stop);
        RunResults? none = PretrainRun.Execute(options, new TrainingDisplay(Console(output)), stop.Token);
        RunResults resumed = PretrainRun.Execute(options with { Resume = true }, TrainingDisplay.Silent)!;
        RunResults whole = PretrainRun.Execute(Options(folder, text, "whole"), TrainingDisplay.Silent)!;
        Assert.That(none, Is.Null);
        Assert.That((resumed.WeightsSha256, resumed.Steps), Is.EqualTo((whole.WeightsSha256, 4L)));
    }

    [Test]
    public void A_config_that_was_edited_or_lacks_a_field_is_not_gone_on_with()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i * 7919 % 1000}")));
        PretrainOptions options = Options(folder, text, "run");
        PretrainRun.Execute(options, TrainingDisplay.Silent);
        string path = folder.File("run/run.json"), json = File.ReadAllText(path);
        Edit("\"weightDecay\": 0.1", "\"weightDecay\": 0.2");
        UserErrors.ExpectMistake(Resume, "training.json tells of another run");
        Edit("\"weightDecay\": 0.1,", "");
        UserErrors.ExpectMistake(Resume, "run.json", "weightDecay");

        void Edit(string from, string to)
        {
            Assert.That(json, Does.Contain(from));
            File.WriteAllText(path, json.Replace(from, to, StringComparison.Ordinal));
        }

        void Resume() => PretrainRun.Execute(options with { Resume = true }, TrainingDisplay.Silent);
    }

    [Test]
    public void Held_out_documents_may_come_from_a_file_of_their_own_and_the_next_run_finds_both_tokenized()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("train.jsonl", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"{{\"body\":\"story {i}\"}}")));
        string heldOut = folder.Write("test.jsonl", "{\"body\":\"story 7\"}\n{\"body\":\"another\"}");
        PretrainOptions options = Options(folder, text, "one") with { Corpus = "jsonl", Field = "body", Validation = heldOut, Cache = folder.File("cache") };
        RunResults first = PretrainRun.Execute(options, TrainingDisplay.Silent)!;
        DateTime[] times = Times();
        RunResults second = PretrainRun.Execute(options with { Out = folder.File("two") }, TrainingDisplay.Silent)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Validation["strided"].Targets, Is.EqualTo("story 7".Length + 1 + "another".Length + 1), "this preset scores ends too");
            Assert.That(second.WeightsSha256, Is.EqualTo(first.WeightsSha256));
            Assert.That(Times(), Has.Length.EqualTo(2).And.EqualTo(times));
        }

        DateTime[] Times() => [.. Directory.GetFiles(folder.File("cache")).Order(StringComparer.Ordinal).Select(File.GetLastWriteTimeUtc)];
    }

    [Test]
    public void A_user_s_mistakes_are_told_in_one_line()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("text.txt", "some text that is long enough");
        PretrainOptions options = Options(folder, text, "run");
        using (Assert.EnterMultipleScope())
        {
            Refused(options with { Preset = "huge" }, "--preset: 'huge' is unknown");
            Refused(options with { Corpus = "web" }, "data.corpus: 'web' is unknown");
            Refused(options with { Tokenizer = "words" }, "data.tokenizer: 'words' is unknown");
            Refused(options with { Device = "tpu" }, "--device: 'tpu' is unknown");
            Refused(options with { Text = null }, "add --text PATH");
            Refused(options with { Corpus = null }, "add --corpus text, lines, folder, jsonl, parquet, tokens");
            Refused(options with { Field = "text" }, "--field text: the corpus is lines, which has none");
            Refused(options with { Begin = "^#" }, "--begin ^#: the corpus is lines, which has documents already");
            Refused(options with { Corpus = "folder", End = "--" }, "--end --: the corpus is folder");
            Refused(options with { Corpus = null, Text = null, Validation = text }, "the corpus is sdk-docs, which is split by itself");
            Refused(options with { Validation = folder.File("absent.txt") }, "absent.txt: no such file");
            Refused(options with { Text = folder.File("absent.txt") }, "absent.txt");
            Refused(options with { Text = folder.Write("short.txt", "a") }, "expected a larger corpus");
            Refused(options with { Text = folder.Write("blank.txt", " \n\n") }, "all lines are blank");
            Refused(options with { Resume = true }, "holds no run");
            Refused(options with { Out = text }, "is a file; expected a folder");
            Refused(options with { Steps = 0 }, "--steps: 0, expected at least 1");
            Refused(options with { Steps = null, Minutes = 0 }, "training.minutes: 0, expected more than 0");
            Refused(options with { Minutes = 1 }, "--steps 4 says already how long the run is");
            Refused(options with { LearningRate = double.NaN }, "--learning-rate: 'NaN' is not a number");
            Refused(options with { Threads = 0 }, "--threads: 0, expected 1 to 1024");
            Refused(options with { SaveSeconds = -1 }, "--save-seconds: -1, expected at least 0");
            Refused(options with { Keep = 0 }, "--keep: 0, expected at least 1");
            Refused(options with { ValidateEvery = -1 }, "--validate-every: -1, expected at least 1, or 0 for none");
            Refused(options with { ValidationTokens = 1 }, "data.validationTokens: 1, expected at least 2");
        }

        Assert.That(Directory.Exists(options.Out), Is.False, "a refused run must not leave a folder");
    }

    [Test]
    public void A_folder_that_holds_a_run_is_neither_overwritten_nor_resumed_with_other_options()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i}")));
        PretrainOptions options = Options(folder, text, "run");
        PretrainRun.Execute(options, TrainingDisplay.Silent);
        using (Assert.EnterMultipleScope())
        {
            Refused(options, "already holds a run");
            Refused(options with { Resume = true, Seed = 7 }, "--seed: the run was begun with 1, not 7");
            Refused(options with { Resume = true, Set = ["model.width=32"] }, "--set model.width: the run was begun with 64, not 32");
            Refused(options with { Resume = true, Preset = "shakespeare" }, "--preset: the run was begun with names, not shakespeare");
            Assert.That(PretrainRun.Execute(options with { Resume = true, Prompt = "n", Set = ["training.learningRate=0.003"] }, TrainingDisplay.Silent), Is.Not.Null, "what it was begun with may be repeated");
        }
    }

    [Test]
    public void A_damaged_checkpoint_is_passed_over_and_a_run_with_no_whole_one_does_not_begin_anew()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i}")));
        PretrainOptions options = Options(folder, text, "run") with { SaveSeconds = 0 };
        RunResults whole = PretrainRun.Execute(options, TrainingDisplay.Silent)!;
        string[] models = [.. Directory.GetFiles(options.Out!, "model.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        using (FileStream newest = File.OpenWrite(models[^1]))
        {
            newest.SetLength(newest.Length / 2);
        }

        RunResults resumed = PretrainRun.Execute(options with { Resume = true }, TrainingDisplay.Silent)!;
        Assert.That(resumed.WeightsSha256, Is.EqualTo(whole.WeightsSha256));
        foreach (string model in Directory.GetFiles(options.Out!, "model.safetensors", SearchOption.AllDirectories))
        {
            File.WriteAllBytes(model, new byte[10]);
        }

        Refused(options with { Resume = true }, "--resume: no checkpoint is whole.");
    }

    private static void Refused(PretrainOptions options, string message) =>
        Assert.That(() => PretrainRun.Execute(options, TrainingDisplay.Silent), Throws.TypeOf<UserException>().With.Message.Contains(message));

    private static PretrainOptions Options(TemporaryFolder folder, string text, string output) => new()
    {
        Corpus = "lines",
        Text = text,
        Tokenizer = "characters",
        Preset = "names",
        Steps = 4,
        Device = "cpu",
        Threads = 1,
        Out = folder.File(output),
    };

    private static IAnsiConsole Console(TextWriter output) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(output),
    });

    /// <summary>Asks to stop when a text is written.</summary>
    private sealed class StopAt(string text, CancellationTokenSource stop) : StringWriter
    {
        public override void Write(string? value)
        {
            if (value?.Contains(text, StringComparison.Ordinal) == true)
            {
                stop.Cancel();
            }
        }
    }
}
