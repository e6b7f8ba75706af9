using System.CommandLine;
using System.Globalization;

namespace TinyLM;

/// <summary>The options of test-time training, for every program that has it.</summary>
public sealed class TestTimeTrainingCommandLine
{
    private static readonly TestTimeTrainingConfig Default = new();
    private static readonly string Targets = string.Join(", ", LoraRates.Kinds.Select(EnumName.Of));

    private readonly Option<double> _learningRate = new("--ttt-rate") { Description = "learning rate", DefaultValueFactory = _ => Default.LearningRate };
    private readonly Option<string[]> _rates = new("--ttt-rates")
    {
        Description = "multiples of it for kinds of adapters, such as head=0.5 query=2 (default: 1 for each)",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<int> _rank = new("--ttt-rank") { Description = "rank of the adapters", DefaultValueFactory = _ => Default.Lora.Rank };
    private readonly Option<double?> _alpha = new("--ttt-alpha") { Description = "the adapters' part is multiplied by alpha / rank (default: by 1)" };
    private readonly Option<string[]> _targets = new("--ttt-targets")
    {
        Description = $"what is adapted, of {Targets} (default: query, value, head)",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<int> _layers = new("--ttt-layers") { Description = "layers that are adapted, the last ones; 0: all", DefaultValueFactory = _ => Default.Lora.Layers };
    private readonly Option<double> _beta1 = new("--ttt-beta1") { Description = "Adam's beta 1", DefaultValueFactory = _ => Default.Beta1 };
    private readonly Option<double> _beta2 = new("--ttt-beta2") { Description = "Adam's beta 2", DefaultValueFactory = _ => Default.Beta2 };
    private readonly Option<double> _weightDecay = new("--ttt-weight-decay") { Description = "decoupled weight decay", DefaultValueFactory = _ => Default.WeightDecay };
    private readonly Option<int> _stepLimit = new("--ttt-step-limit") { Description = "steps after which a document's adapter stays as it is; 0: none", DefaultValueFactory = _ => Default.StepLimit };
    private readonly Option<int> _stride = new("--ttt-stride")
    {
        Description = "targets scored at a time in windows of their own, beyond the first window; 0: a chunk",
        DefaultValueFactory = _ => Default.Stride,
    };
    private readonly Option<int> _memory = new("--budget-memory")
    {
        Description = "megabytes that documents which are read together may take",
        DefaultValueFactory = _ => (int)(Default.MemoryBudget >> 20),
    };

    /// <summary>Gives a command these options.</summary>
    /// <param name="command">The command.</param>
    /// <param name="hasGrid">Whether rate, rank, layers and the limit of steps come from a grid of its own.</param>
    public void AddTo(Command command, bool hasGrid = false)
    {
        ArgumentNullException.ThrowIfNull(command);
        Option[] common = [_rates, _alpha, _targets, _beta1, _beta2, _weightDecay, _stride, _memory];
        foreach (Option option in hasGrid ? common : [_learningRate, _rank, _layers, _stepLimit, .. common])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the user asks for; window and chunk come from elsewhere.</summary>
    /// <exception cref="UserException">A target is unknown, or a rate no number.</exception>
    public TestTimeTrainingConfig Read(ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return new TestTimeTrainingConfig
        {
            LearningRate = OfGrid(_learningRate, Default.LearningRate),
            Rates = ParseRates(arguments.GetValue(_rates) ?? []),
            Lora = new LoraConfig
            {
                Rank = OfGrid(_rank, Default.Lora.Rank),
                Alpha = arguments.GetValue(_alpha),
                Targets = arguments.GetValue(_targets) is { Length: > 0 } names ? ParseTargets(names) : Default.Lora.Targets,
                Layers = OfGrid(_layers, Default.Lora.Layers),
            },
            Beta1 = arguments.GetValue(_beta1),
            Beta2 = arguments.GetValue(_beta2),
            WeightDecay = arguments.GetValue(_weightDecay),
            StepLimit = OfGrid(_stepLimit, Default.StepLimit),
            Stride = arguments.GetValue(_stride),
            MemoryBudget = (long)arguments.GetValue(_memory) << 20,
        };

        // A command with a grid has no such option.
        T OfGrid<T>(Option<T> option, T otherwise) => arguments.GetResult(option) is null ? otherwise : arguments.GetValue(option)!;
    }

    private static LoraTargets ParseTargets(string[] names) =>
        Parts(names).Aggregate(LoraTargets.None, (targets, name) => targets | ParseTarget("--ttt-targets", name));

    private static LoraRates ParseRates(string[] texts)
    {
        var rates = new LoraRates();
        foreach (string text in Parts(texts))
        {
            string[] pair = text.Split('=');
            if (pair.Length != 2 || !double.TryParse(pair[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double rate))
            {
                throw new UserException($"--ttt-rates: '{text}', expected a kind of adapter and a number, such as head=0.5.");
            }

            rates = rates.With(ParseTarget("--ttt-rates", pair[0]), rate);
        }

        return rates;
    }

    private static IEnumerable<string> Parts(string[] texts) => texts.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static LoraTargets ParseTarget(string option, string name) =>
        LoraRates.Kinds.FirstOrDefault(target => EnumName.Of(target) == name) is var target and not LoraTargets.None
            ? target
            : throw new UserException($"{option}: '{name}' is unknown; known: {Targets}.");
}
