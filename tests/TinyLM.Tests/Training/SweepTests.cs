namespace TinyLM.Tests;

public class SweepTests
{
    private const string Diverging = "1e30";

    [Test]
    public void The_points_of_a_grid_are_run_once_and_ranked()
    {
        using var folder = new TemporaryFolder();
        PretrainOptions options = Options(folder, "training.learningRate=1e-9,1e-2");
        IReadOnlyList<SweepRow> rows = Run(options, seeds: 2);
        string[] results = [.. Directory.GetFiles(options.Out!, RunFolder.ResultsFile, SearchOption.AllDirectories)];
        DateTime[] written = Array.ConvertAll(results, File.GetLastWriteTimeUtc);
        IReadOnlyList<SweepRow> more = Run(options with { Set = [.. options.Set.SkipLast(1), $"training.learningRate=1e-9,1e-2,{Diverging}"] }, seeds: 2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows.Select(row => row.Settings.Single()), Is.EqualTo(new[] { "training.learningRate=1e-2", "training.learningRate=1e-9" }));
            Assert.That(rows.SelectMany(row => row.Losses), Is.Unique.And.All.GreaterThan(0));
            Assert.That(rows[0].Mean, Is.EqualTo(rows[0].Losses.Average()).And.LessThan(rows[1].Mean));
            Assert.That(rows[0].Deviation, Is.EqualTo(Math.Abs(rows[0].Losses[0] - rows[0].Losses[1]) / Math.Sqrt(2)).Within(1e-12));
            Assert.That(results, Has.Length.EqualTo(4));
            Assert.That(results.Select(File.GetLastWriteTimeUtc), Is.EqualTo(written), "only the new point was run");
            Assert.That(more.Take(2).SelectMany(row => row.Losses), Is.EqualTo(rows.SelectMany(row => row.Losses)));
            Assert.That(more[2].Settings.Single(), Is.EqualTo($"training.learningRate={Diverging}"), "a run that diverged is the last");
            Assert.That(more[2].Losses, Is.All.NaN);
            Assert.That(Path.Combine(options.Out!, Sweep.ResultsFile), Does.Exist);
        }
    }

    [Test]
    public void A_sweep_that_was_stopped_goes_on()
    {
        using var folder = new TemporaryFolder();
        PretrainOptions options = Options(folder, "training.dropout=0,0.1");
        using var stop = new CancellationTokenSource();
        IReadOnlyList<SweepRow>? stopped = Sweep.Run(options, seeds: 1, "packed", _ => stop.Cancel(), stop.Token);
        IReadOnlyList<SweepRow> rows = Run(options, seeds: 1), whole = Run(options with { Out = folder.File("whole") }, seeds: 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(stopped, Is.Null);
            Assert.That(rows.SelectMany(row => row.Losses), Is.EqualTo(whole.SelectMany(row => row.Losses)));
        }
    }

    [Test]
    public void A_mistake_is_told_before_the_first_run()
    {
        using var folder = new TemporaryFolder();
        PretrainOptions options = Options(folder, "training.steps=2");
        using (Assert.EnterMultipleScope())
        {
            Refused(options with { Set = ["model.width=16,17"] }, "Width 17 is not a multiple of HeadCount 4");
            Refused(options with { Set = ["model.wdth=16,32"] }, "there is no field 'model.wdth'; the nearest: model.width,");
            Refused(options with { Out = null }, "--out: expected a folder");
            Assert.That(() => Run(options, seeds: 0), Throws.TypeOf<UserException>().With.Message.Contains("--seeds: 0, expected at least 1"));
        }

        Assert.That(Directory.Exists(options.Out), Is.False);
        Run(options, seeds: 1);
        using (Assert.EnterMultipleScope())
        {
            Refused(options with { Set = ["training.steps=3"] }, "--set training.steps: the run was begun with 2, not 3");
            Assert.That(() => Sweep.Run(options, seeds: 1, "bits", _ => { }), Throws.TypeOf<UserException>().With.Message.Contains("--by: 'bits' is unknown; known: packed; strided."));
        }
    }

    private static void Refused(PretrainOptions options, string message) =>
        Assert.That(() => Run(options, seeds: 1), Throws.TypeOf<UserException>().With.Message.Contains(message));

    private static IReadOnlyList<SweepRow> Run(PretrainOptions options, int seeds) => Sweep.Run(options, seeds, "packed", _ => { })!;

    private static PretrainOptions Options(TemporaryFolder folder, string axis) => new()
    {
        Corpus = "lines",
        Text = folder.Write("names.txt", string.Join('\n', Enumerable.Range(0, 60).Select(i => $"name{i}"))),
        Tokenizer = "characters",
        Preset = "names",
        Steps = axis.StartsWith("training.steps", StringComparison.Ordinal) ? null : 4,
        Device = "cpu",
        Threads = 1,
        Out = folder.File("sweep"),
        Set = ["model.width=16", "model.hiddenWidth=16", "training.warmUpSteps=0", "training.optimizer=adamw", "training.emaDecay=0", axis],
    };
}
