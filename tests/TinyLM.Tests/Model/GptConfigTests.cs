using System.Text.Json;

namespace TinyLM.Tests;

public class GptConfigTests
{
    [Test]
    public void A_config_is_saved_with_all_its_options()
    {
        string json = JsonSerializer.Serialize(TinyModels.AllOptions, TrainingJson.Default.GptConfig);
        Assert.That(JsonSerializer.Deserialize(json, TrainingJson.Default.GptConfig), Is.EqualTo(TinyModels.AllOptions));
    }

    [Test]
    public void A_checkpoint_from_before_the_options_of_attention_has_none_of_them()
    {
        const string Old = """
            {
              "vocabularySize": 11, "contextLength": 12, "layerCount": 1, "headCount": 2, "keyValueHeadCount": 2, "width": 16, "hiddenWidth": 64,
              "norm": "RmsNorm", "normEpsilon": 1E-05, "positions": "Rotary", "rotaryBase": 10000, "mlp": "SwiGlu", "biases": false, "tiedHead": false
            }
            """;
        Assert.That(JsonSerializer.Deserialize(Old, TrainingJson.Default.GptConfig), Is.EqualTo(GptConfig.Llama(1, 2, 16, 12, 11)));
    }

    [TestCaseSource(nameof(WrongConfigs))]
    public void A_config_that_cannot_be_is_refused_in_one_clear_line(GptConfig config, string message) =>
        Assert.That(config.Validate, Throws.ArgumentException.With.Message.Contains(message));

    private static IEnumerable<TestCaseData> WrongConfigs()
    {
        GptConfig good = TinyModels.AllOptions;
        yield return new TestCaseData(good with { AttentionWindow = -1 }, "config: AttentionWindow is -1, expected at least 1, or 0 for all tokens.");
        yield return new TestCaseData(good with { AttentionSoftcap = -2 }, "config: AttentionSoftcap is -2, expected a positive number, or 0 for none.");
        yield return new TestCaseData(good with { AttentionSoftcap = float.NaN }, "config: AttentionSoftcap is NaN");
        yield return new TestCaseData(good with { RotaryFraction = 0.3 }, "config: RotaryFraction is 0.3, which turns 2.4 columns of a head of 8, expected an even number from 2 to 8.");
        yield return new TestCaseData(good with { RotaryFraction = 0.375 }, "which turns 3 columns of a head of 8");
        yield return new TestCaseData(good with { RotaryFraction = -0.5 }, "RotaryFraction is -0.5,");
        yield return new TestCaseData(good with { RotaryFraction = 1.25 }, "RotaryFraction is 1.25,");
        yield return new TestCaseData(good with { RotaryScale = -1 }, "config: RotaryScale is -1, expected a positive number.");
        yield return new TestCaseData(good with { Width = 36, RotaryFraction = 1 }, "a head size of 9 (Width 36 / HeadCount 4) is odd");
    }
}
