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
    public void A_user_s_mistakes_are_told_in_one_line()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("text.txt", "some text that is long enough");
        PretrainOptions options = Options(folder, text, "run");
        using (Assert.EnterMultipleScope())
        {
            Refused(options with { Preset = "huge" }, "--preset: 'huge' is unknown");
            Refused(options with { Corpus = "web" }, "--corpus: 'web' is unknown");
            Refused(options with { Tokenizer = "words" }, "--tokenizer: 'words' is unknown");
            Refused(options with { Device = "tpu" }, "--device: 'tpu' is unknown");
            Refused(options with { Text = null }, "add --text PATH");
            Refused(options with { Text = folder.File("absent.txt") }, "absent.txt");
            Refused(options with { Resume = true }, "holds no run");
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
            Refused(options with { Resume = true, Seed = 7 }, "--seed: the run was begun with");
        }
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
