using System.Text.Json;

namespace TinyLM.Tests;

public class RunConfigTests
{
    [Test]
    public void Any_field_is_set_by_its_path()
    {
        RunConfig config = RunConfig.Of("names").With(
        [
            Setting.Parse("model.width=96"), Setting.Parse("model.norm=layernorm"), Setting.Parse("model.biases=true"), Setting.Parse("training.learningRate=.5"),
            Setting.Parse("training.steps=2e3"), Setting.Parse("training.seed=18446744073709551615"), Setting.Parse("data.prompt=a=b"), Setting.Parse("training.muon.nesterov=False"), Setting.Parse("training.weightDecaySchedule=0:1 1:2"), Setting.Parse("data.validationTokens=9"),
        ]);
        RunConfig expected = RunConfig.Of("names");
        Assert.That(config, Is.EqualTo(expected with
        {
            Model = expected.Model with { Width = 96, Norm = NormKind.LayerNorm, Biases = true },
            Training = expected.Training with { LearningRate = 0.5, Steps = 2000, Seed = ulong.MaxValue, Muon = new() { Nesterov = false }, WeightDecaySchedule = Schedule.Parse("0:1 1:2") },
            Data = expected.Data with { Prompt = "a=b", ValidationTokens = 9 },
        }));
    }

    [TestCaseSource(nameof(Presets))]
    public void Every_field_can_be_set_to_what_it_is(string preset)
    {
        RunConfig config = RunConfig.Of(preset);
        using JsonDocument json = JsonDocument.Parse(config.ToJson());
        Setting[] settings =
        [
            .. json.RootElement.EnumerateObject().Where(group => group.Value.ValueKind == JsonValueKind.Object).SelectMany(group => Settings(group.Name, group.Value)),
        ];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(settings.Select(setting => setting.Path), Is.SupersetOf(new[] { "data.corpus", "model.contextLength", "training.learningRate" }));
            Assert.That(config.With(settings), Is.EqualTo(config));
            Assert.That(config.Resumed(settings), Is.EqualTo(config));
        }
    }

    [Test]
    public void A_named_option_is_a_field_and_a_path_wins_over_it()
    {
        var options = new PretrainOptions { Preset = "names", Steps = 7, Minutes = null, LearningRate = 1e-4, Seed = 3, Layout = "packed", Set = ["training.steps=8"] };
        TrainingConfig training = options.CreateConfig().Training;
        Assert.That((training.Steps, training.LearningRate, training.Seed, training.Layout), Is.EqualTo((8, 1e-4, 3ul, LayoutKind.Packed)));
    }

    [Test]
    public void Kinds_of_two_words_are_written_with_a_hyphen()
    {
        TrainingConfig training = new PretrainOptions { Layout = "packed-isolated", Shuffle = "fixed-rows" }.CreateConfig().Training;
        Assert.That((training.Layout, training.Shuffle), Is.EqualTo((LayoutKind.PackedIsolated, ShuffleKind.FixedRows)));
        UserErrors.ExpectMistake(
            () => new PretrainOptions { Layout = "chunked" }.CreateConfig(), "--layout: 'chunked' is unknown; known: documents, packed, packed-isolated, unpacked, best-fit.");
    }

    [Test]
    public void Minutes_make_a_run_by_time() =>
        Assert.That(new PretrainOptions { Preset = "names", Minutes = 0.5 }.CreateConfig().Training, Has.Property("Steps").EqualTo(0).And.Property("Minutes").EqualTo(0.5));

    [TestCase("training.lerningRate=1", "--set training.lerningRate: there is no field 'training.lerningRate'; the nearest: training.learningRate,")]
    [TestCase("learningRate=1", "there is no field 'learningRate'; the nearest: training.learningRate,")]
    [TestCase("training=1", "there is no field 'training'")]
    [TestCase("preset=names", "there is no field 'preset'")]
    [TestCase("training.steps", "--set training.steps: expected path=value")]
    [TestCase("training.steps=1.5", "--set training.steps: '1.5' is not a whole number.")]
    [TestCase("training.steps=null", "'null' is not a whole number.")]
    [TestCase("training.seed=-1", "'-1' is not a whole number of at least 0.")]
    [TestCase("training.learningRate=high", "'high' is not a number.")]
    [TestCase("training.learningRate=", "'' is not a number.")]
    [TestCase("training.scoreEnd=yes", "'yes' is not true or false.")]
    [TestCase("training.layout=2", "--set training.layout: '2' is unknown; known: documents,")]
    [TestCase("model.width=65", "config: Width 65 is not a multiple of HeadCount 4.")]
    [TestCase("training.averageSchedule=0.5", "'0.5' is not a schedule: points of share:value")]
    [TestCase("training.averageSchedule=1:1 0:1", "'1:1 0:1' is not a schedule: points of share:value")]
    [TestCase("training.averageSchedule=0:0", "training.averageSchedule: '0:0', expected weights of more than 0.")]
    [TestCase("training.sequenceLengthSchedule=0:16 0.5:64", "training.sequenceLengthSchedule: '0:16 0.5:64', expected lengths from 2 to 32, the model's context.")]
    [TestCase("training.microBatchTokens=31", "training.microBatchTokens: 31, expected at least 32, the model's context, or 0 for one pass.")]
    [TestCase("training.muon.momentum=1", "training.muon.momentum: 1, expected at least 0 and less than 1.")]
    [TestCase("training.muon.rate=1", "there is no field 'training.muon.rate'; the nearest: ")]
    [TestCase("training.dropout=1", "training.dropout: 1, expected at least 0 and less than 1.")]
    [TestCase("data.keepDuplicates=true", "data.keepDuplicates: no documents of their own are held out; ")]
    [TestCase("training.clipNorm=0", "training.clipNorm: 0, expected more than 0.")]
    public void What_cannot_be_set_is_told_in_one_line(string setting, string message) =>
        Assert.That(() => new PretrainOptions { Preset = "names", Set = [setting] }.CreateConfig().Validate(), Throws.TypeOf<UserException>().With.Message.Contains(message));

    private static IEnumerable<string> Presets() => GptConfig.PresetNames;

    private static IEnumerable<Setting> Settings(string prefix, JsonElement group) => group.EnumerateObject().SelectMany(field => field.Value.ValueKind switch
    {
        JsonValueKind.Object => Settings($"{prefix}.{field.Name}", field.Value),
        JsonValueKind.Null => [],
        _ => [new Setting("test", $"{prefix}.{field.Name}", field.Value.ToString())],
    });
}
