using System.CommandLine;

namespace TinyLM.Tests;

public class TestTimeTrainingCommandLineTests
{
    [Test]
    public void What_is_said_is_what_is_done_and_what_is_not_said_is_the_default()
    {
        TestTimeTrainingConfig config = Read(
            "--ttt-rate 0.001 --ttt-rates head=3,query=0.5 --ttt-rank 4 --ttt-alpha 8 --ttt-targets value,head mlp --ttt-layers 2 --ttt-beta1 0 --ttt-beta2 0.999 --ttt-weight-decay 0.5 --ttt-step-limit 7 --ttt-stride 16 --budget-memory 64");
        Assert.That(config, Is.EqualTo(new TestTimeTrainingConfig
        {
            LearningRate = 0.001,
            Rates = new LoraRates { Head = 3, Query = 0.5 },
            Lora = new LoraConfig { Rank = 4, Alpha = 8, Targets = LoraTargets.Value | LoraTargets.Head | LoraTargets.Mlp, Layers = 2 },
            Beta1 = 0,
            Beta2 = 0.999,
            WeightDecay = 0.5,
            StepLimit = 7,
            Stride = 16,
            MemoryBudget = 64L << 20,
        }));
        Assert.That(Read(""), Is.EqualTo(new TestTimeTrainingConfig()));
        Assert.That(Read("--ttt-alpha 8", hasGrid: true), Is.EqualTo(new TestTimeTrainingConfig { Lora = new LoraConfig { Alpha = 8 } }));
    }

    [TestCase("--ttt-targets keys", "--ttt-targets: 'keys' is unknown; known: query, key, value, output, mlp, head")]
    [TestCase("--ttt-rates head", "--ttt-rates: 'head', expected a kind of adapter and a number, such as head=0.5")]
    [TestCase("--ttt-rates head=fast", "--ttt-rates: 'head=fast'")]
    [TestCase("--ttt-rates head=1=2", "--ttt-rates: 'head=1=2'")]
    [TestCase("--ttt-rates none=2", "--ttt-rates: 'none' is unknown")]
    public void A_mistake_is_one_line(string arguments, string expected) => UserErrors.ExpectMistake(() => Read(arguments), expected);

    [TestCase("ttt:0", "a chunk of 0 targets, expected 1 to 12")]
    [TestCase("ttt:13", "a chunk of 13 targets")]
    [TestCase("ttt:-1", "'-1' is no number of targets; expected such as ttt:128")]
    [TestCase("ttt-streaming:x", "'x' is no number of targets; expected such as ttt-streaming:128")]
    [TestCase("ttt:", "'' is no number of targets")]
    [TestCase("tttt:4", "'tttt:4' is unknown; known: packed, chunked, strided, ttt, ttt-streaming")]
    public void So_is_a_name_that_makes_no_scorer(string choice, string expected)
    {
        using Device device = Device.Open("cpu", 1);
        Gpt model = TinyModels.Telling(device, GptConfig.Llama(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary));
        UserErrors.ExpectMistake(() => ScorerChoice.Create(choice, model, new ScorerOptions()), expected);
    }

    private static TestTimeTrainingConfig Read(string arguments, bool hasGrid = false)
    {
        var command = new RootCommand();
        var options = new TestTimeTrainingCommandLine();
        options.AddTo(command, hasGrid);
        ParseResult parsed = command.Parse(arguments);
        Assert.That(parsed.Errors, Is.Empty);
        return options.Read(parsed);
    }
}
