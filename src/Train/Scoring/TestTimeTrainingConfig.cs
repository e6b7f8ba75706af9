namespace TinyLM;

/// <summary>How a document is read and learned from. The defaults are those of parameter-golf's first record with test-time training.</summary>
public sealed record TestTimeTrainingConfig
{
    /// <summary>Tokens of context at most, up to the model's.</summary>
    public int Window { get; init; } = 1024;

    /// <summary>Targets that are scored, and then learned from, at a time; at most the window.</summary>
    public int Chunk { get; init; } = 256;

    /// <summary>
    /// Targets that are scored at a time, in windows of their own, where a document is longer than the window: less than a chunk gives them more context at the price of
    /// more passes. 0: the chunk.
    /// </summary>
    public int Stride { get; init; }

    /// <summary>
    /// Each token is encoded once, and earlier keys and values stay as they were computed, by the weights of their time; otherwise the context is encoded anew for
    /// each chunk. Where positions are learned, only as far as they reach.
    /// </summary>
    public bool IsStreaming { get; init; }

    public LoraConfig Lora { get; init; } = new();

    public double LearningRate { get; init; } = 0.01;

    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.95;

    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled, as AdamW's; 0: Adam.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Multiples of the rate, for each kind of adapter.</summary>
    public LoraRates Rates { get; init; } = new();

    /// <summary>A document's adapter stays as it is after so many steps; 0: it always learns.</summary>
    public int StepLimit { get; init; }

    /// <summary>Bytes that documents, read together, may take: it sets how many they are, at most as many as fill a pass.</summary>
    public long MemoryBudget { get; init; } = 512L << 20;

    /// <summary>Of the initial factors.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Throws on a value that makes no sense.</summary>
    /// <param name="model">The shape of what learns.</param>
    /// <exception cref="UserException">Which, and what is expected.</exception>
    public void Validate(GptConfig model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Check(Window >= 1 && Window <= model.ContextLength, $"a window of {Window} tokens, expected 1 to {model.ContextLength}, the model's context");
        Check(Chunk >= 1 && Chunk <= Window, $"a chunk of {Chunk} targets, expected 1 to {Window}, the window");
        Check(Stride >= 0 && Stride <= Chunk, $"a stride of {Stride} targets, expected 1 to {Chunk}, the chunk, or 0 for the chunk");
        Check(!(IsStreaming && Stride > 0), $"a stride of {Stride} while streaming, which has no windows; expected 0");
        Check(double.IsFinite(LearningRate) && LearningRate >= 0, $"a learning rate of {LearningRate}, expected 0 or more");
        Check(Beta1 is >= 0 and < 1 && Beta2 is >= 0 and < 1, $"betas of {Beta1} and {Beta2}, expected 0 or more and less than 1");
        Check(double.IsFinite(Epsilon) && Epsilon > 0, $"an epsilon of {Epsilon}, expected a positive number");
        Check(double.IsFinite(WeightDecay) && WeightDecay >= 0, $"a weight decay of {WeightDecay}, expected 0 or more");
        foreach (LoraTargets target in LoraRates.Kinds)
        {
            Check(double.IsFinite(Rates.Of(target)) && Rates.Of(target) >= 0, $"{EnumName.Of(target)} learns at {Rates.Of(target)} times the rate, expected 0 or more");
        }

        Check(StepLimit >= 0, $"a limit of {StepLimit} steps, expected at least 1, or 0 for none");
        Check(MemoryBudget > 0, $"a budget of {MemoryBudget} bytes, expected a positive number");
        Lora.Validate(model);
    }

    private static void Check(bool holds, FormattableString fault)
    {
        if (!holds)
        {
            throw new UserException($"test-time training: {FormattableString.Invariant(fault)}.");
        }
    }
}
