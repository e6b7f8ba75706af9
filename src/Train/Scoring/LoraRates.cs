namespace TinyLM;

/// <summary>The learning rate of each kind of adapter, as a multiple of the one for all.</summary>
public sealed record LoraRates
{
    /// <summary>All kinds.</summary>
    public static IReadOnlyList<LoraTargets> Kinds { get; } = [.. Enum.GetValues<LoraTargets>().Where(target => target != LoraTargets.None)];

    public double Query { get; init; } = 1;

    public double Key { get; init; } = 1;

    public double Value { get; init; } = 1;

    public double Output { get; init; } = 1;

    public double Mlp { get; init; } = 1;

    public double Head { get; init; } = 1;

    /// <param name="target">One kind.</param>
    public double Of(LoraTargets target) => target switch
    {
        LoraTargets.Query => Query,
        LoraTargets.Key => Key,
        LoraTargets.Value => Value,
        LoraTargets.Output => Output,
        LoraTargets.Mlp => Mlp,
        LoraTargets.Head => Head,
        _ => throw new ArgumentOutOfRangeException(nameof(target), target, "expected one kind of adapter."),
    };

    /// <summary>The same, with another rate for one kind.</summary>
    /// <param name="target">The kind.</param>
    /// <param name="rate">Its multiple.</param>
    public LoraRates With(LoraTargets target, double rate) => target switch
    {
        LoraTargets.Query => this with { Query = rate },
        LoraTargets.Key => this with { Key = rate },
        LoraTargets.Value => this with { Value = rate },
        LoraTargets.Output => this with { Output = rate },
        LoraTargets.Mlp => this with { Mlp = rate },
        LoraTargets.Head => this with { Head = rate },
        _ => throw new ArgumentOutOfRangeException(nameof(target), target, "expected one kind of adapter."),
    };
}
