namespace TinyLM;

/// <summary>The grid of a sweep over test-time training.</summary>
public sealed record TttSweepOptions
{
    /// <summary>Model, documents, window, memory, and how adapters learn, but for what comes from the grid.</summary>
    public required ScoreOptions Score { get; init; }

    /// <summary>Targets that are scored, and learned from, at a time.</summary>
    public required IReadOnlyList<int> Chunks { get; init; }

    public required IReadOnlyList<double> LearningRates { get; init; }

    public required IReadOnlyList<int> Ranks { get; init; }

    /// <summary>As <see cref="LoraConfig.Layers"/>.</summary>
    public IReadOnlyList<int> Layers { get; init; } = [0];

    /// <summary>As <see cref="TestTimeTrainingConfig.StepLimit"/>.</summary>
    public IReadOnlyList<int> StepLimits { get; init; } = [0];

    /// <summary>Of <c>strided</c>, <c>ttt</c> and <c>ttt-streaming</c>; strided scoring has a chunk only.</summary>
    public required IReadOnlyList<string> Modes { get; init; }

    /// <summary>Where results and plots lie; points that are there already are not scored again.</summary>
    public required string Out { get; init; }

    /// <summary>Throws on a grid that makes no sense.</summary>
    /// <exception cref="UserException">Which part, and what is expected.</exception>
    public void Check()
    {
        Some("--chunks", Chunks);
        Some("--rates", LearningRates);
        Some("--ranks", Ranks);
        Some("--layers", Layers);
        Some("--step-limits", StepLimits);
        Some("--modes", Modes);
        if (Modes.FirstOrDefault(mode => mode is not ("strided" or "ttt" or "ttt-streaming")) is { } unknown)
        {
            throw new UserException($"--modes: '{unknown}' is unknown; known: strided, ttt, ttt-streaming.");
        }

        Score.Check();
    }

    private static void Some<T>(string option, IReadOnlyList<T> values)
    {
        if (values.Count == 0)
        {
            throw new UserException($"{option}: expected one value at least.");
        }
    }
}
