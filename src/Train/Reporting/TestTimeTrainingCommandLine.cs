using System.CommandLine;

namespace TinyLM;

/// <summary>The options of test-time training, for every program that has it.</summary>
public sealed class TestTimeTrainingCommandLine
{
    private static readonly TestTimeTrainingConfig Default = new();
    private static readonly string Targets = string.Join(", ", Enum.GetValues<LoraTargets>().Where(target => target != LoraTargets.None).Select(EnumName.Of));

    private readonly Option<double> _learningRate = new("--ttt-rate") { Description = "learning rate", DefaultValueFactory = _ => Default.LearningRate };
    private readonly Option<double> _headRate = new("--ttt-head-rate") { Description = "the head's rate as a multiple of it", DefaultValueFactory = _ => Default.HeadRate };
    private readonly Option<int> _rank = new("--ttt-rank") { Description = "rank of the adapters", DefaultValueFactory = _ => Default.Lora.Rank };
    private readonly Option<double?> _alpha = new("--ttt-alpha") { Description = "the adapters' part is multiplied by alpha / rank (default: by 1)" };
    private readonly Option<string[]> _targets = new("--ttt-targets")
    {
        Description = $"what is adapted, of {Targets} (default: query, value, head)",
        AllowMultipleArgumentsPerToken = true,
    };
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
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (Option option in (Option[])[_learningRate, _headRate, _rank, _alpha, _targets, _beta1, _beta2, _weightDecay, _stepLimit, _stride, _memory])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the user asks for; window and chunk come from elsewhere.</summary>
    /// <exception cref="UserException">A target is unknown.</exception>
    public TestTimeTrainingConfig Read(ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return new TestTimeTrainingConfig
        {
            LearningRate = arguments.GetValue(_learningRate),
            HeadRate = arguments.GetValue(_headRate),
            Lora = new LoraConfig
            {
                Rank = arguments.GetValue(_rank),
                Alpha = arguments.GetValue(_alpha),
                Targets = arguments.GetValue(_targets) is { Length: > 0 } names ? ParseTargets(names) : Default.Lora.Targets,
            },
            Beta1 = arguments.GetValue(_beta1),
            Beta2 = arguments.GetValue(_beta2),
            WeightDecay = arguments.GetValue(_weightDecay),
            StepLimit = arguments.GetValue(_stepLimit),
            Stride = arguments.GetValue(_stride),
            MemoryBudget = (long)arguments.GetValue(_memory) << 20,
        };
    }

    private static LoraTargets ParseTargets(string[] names)
    {
        LoraTargets targets = LoraTargets.None;
        foreach (string name in names.SelectMany(name => name.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            targets |= Enum.GetValues<LoraTargets>().FirstOrDefault(target => EnumName.Of(target) == name) is var target and not LoraTargets.None
                ? target
                : throw new UserException($"--ttt-targets: '{name}' is unknown; known: {Targets}.");
        }

        return targets;
    }
}
