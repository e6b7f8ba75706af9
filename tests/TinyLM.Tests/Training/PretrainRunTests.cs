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
        RunResults whole = PretrainRun.Execute(options, Display())!;

        using var stop = new CancellationTokenSource();
        stop.Cancel();
        PretrainOptions halted = Options(folder, text, "halted");
        RunResults? none = PretrainRun.Execute(halted, Display(), stop.Token);
        RunResults resumed = PretrainRun.Execute(halted with { Resume = true }, Display())!;

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
        }
    }

    [Test]
    public void Held_out_documents_may_come_from_a_file_of_their_own_and_the_next_run_finds_both_tokenized()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("train.jsonl", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"{{\"body\":\"story {i}\"}}")));
        string heldOut = folder.Write("test.jsonl", "{\"body\":\"story 7\"}\n{\"body\":\"another\"}");
        PretrainOptions options = Options(folder, text, "one") with { Corpus = "jsonl", Field = "body", Validation = heldOut, Cache = folder.File("cache") };
        RunResults first = PretrainRun.Execute(options, Display())!;
        DateTime[] times = Times();
        RunResults second = PretrainRun.Execute(options with { Out = folder.File("two") }, Display())!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Validation["strided"].Targets, Is.EqualTo("story 7".Length + "another".Length + 2));
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
        PretrainRun.Execute(options, Display());
        using (Assert.EnterMultipleScope())
        {
            Refused(options, "already holds a run");
            Refused(options with { Resume = true, Seed = 7 }, "--seed: the run was begun with 1, not 7");
            Refused(options with { Resume = true, Set = ["model.width=32"] }, "--set model.width: the run was begun with 64, not 32");
            Refused(options with { Resume = true, Preset = "shakespeare" }, "--preset: the run was begun with names, not shakespeare");
            Assert.That(PretrainRun.Execute(options with { Resume = true, Prompt = "n", Set = ["training.learningRate=0.003"] }, Display()), Is.Not.Null, "what it was begun with may be repeated");
        }
    }

    [Test]
    public void A_damaged_checkpoint_is_passed_over_and_a_run_with_no_whole_one_does_not_begin_anew()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i}")));
        PretrainOptions options = Options(folder, text, "run") with { SaveSeconds = 0 };
        RunResults whole = PretrainRun.Execute(options, Display())!;
        string[] models = [.. Directory.GetFiles(options.Out!, "model.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        using (FileStream newest = File.OpenWrite(models[^1]))
        {
            newest.SetLength(newest.Length / 2);
        }

        RunResults resumed = PretrainRun.Execute(options with { Resume = true }, Display())!;
        Assert.That(resumed.WeightsSha256, Is.EqualTo(whole.WeightsSha256));
        foreach (string model in Directory.GetFiles(options.Out!, "model.safetensors", SearchOption.AllDirectories))
        {
            File.WriteAllBytes(model, new byte[10]);
        }

        Refused(options with { Resume = true }, "--resume: no checkpoint is whole.");
    }

    private static void Refused(PretrainOptions options, string message) =>
        Assert.That(() => PretrainRun.Execute(options, Display()), Throws.TypeOf<UserException>().With.Message.Contains(message));

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

    private static TrainingDisplay Display() => new(AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(TextWriter.Null),
    }));
}
