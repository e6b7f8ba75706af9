namespace TinyLM;

/// <summary>What a user asks of an audit: one scorer, of ours, of an assembly or a program, and its surroundings.</summary>
public sealed record AuditOptions
{
    /// <inheritdoc cref="ScoreOptions.Checkpoint"/>
    public string? Checkpoint { get; init; }

    /// <summary>One of ours, as <see cref="ScorerChoice"/> names it.</summary>
    public string? Scorer { get; init; }

    /// <summary>An assembly with a scorer of the user's own.</summary>
    public string? Assembly { get; init; }

    /// <summary>The scorer's type in it: an <see cref="IScorer"/> whose constructor takes a <see cref="Gpt"/>.</summary>
    public string? Type { get; init; }

    /// <summary>A program that scores; see <see cref="ProgramScorer"/>.</summary>
    public string? Program { get; init; }

    /// <summary>Of a program without a checkpoint: ids are below it.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>Of a program without a checkpoint: the id that begins each document.</summary>
    public int? ContextId { get; init; }

    /// <summary>Whether <see cref="ContextId"/> may come within a document.</summary>
    public bool ScoresContextId { get; init; } = true;

    /// <inheritdoc cref="ScorerOptions.Window"/>
    public int? Window { get; init; }

    /// <inheritdoc cref="ScorerOptions.Stride"/>
    public int? Stride { get; init; }

    public bool ScoreEnd { get; init; }

    /// <inheritdoc cref="ScorerOptions.TestTimeTraining"/>
    public TestTimeTrainingConfig TestTimeTraining { get; init; } = new();

    /// <inheritdoc cref="ScorerAuditOptions.Tolerance"/>
    public double Tolerance { get; init; } = ScorerAuditOptions.DefaultTolerance;

    /// <summary>Documents to try it on (<see cref="IdsFile"/>); null: random ones.</summary>
    public string? Ids { get; init; }

    /// <summary>Seconds that a program may take for one call.</summary>
    public double TimeLimit { get; init; } = 600;

    public string Device { get; init; } = "auto";

    /// <summary>CPU threads; default: one a core.</summary>
    public int? Threads { get; init; }

    /// <exception cref="UserException">There is not one scorer, or something that it needs is missing.</exception>
    public void Check()
    {
        string[] named = [.. new[] { (Scorer, "--scorer"), (Assembly, "--assembly"), (Program, "--program") }.Where(option => option.Item1 is not null).Select(option => option.Item2)];
        if (named.Length != 1)
        {
            throw new UserException($"audit: {(named.Length == 0 ? "no scorer is named" : $"{string.Join(" and ", named)} name a scorer each")}; expected one of --scorer, --assembly with --type, and --program.");
        }

        if (Assembly is not null && Type is null)
        {
            throw new UserException($"--assembly {Assembly}: add --type NAME, the scorer in it.");
        }

        if (Checkpoint is null && (Program is null || Vocabulary is null || ContextId is null))
        {
            throw new UserException(Program is null
                ? $"{named[0]}: scores with a model; add --checkpoint DIR."
                : "--program: add --vocabulary N and --context-id ID, the id that begins each document, or a --checkpoint DIR that tells both.");
        }

        if (!(TimeLimit > 0))
        {
            throw new UserException(FormattableString.Invariant($"--time-limit: {TimeLimit}, expected more than 0 seconds."));
        }

        if (!(Tolerance >= 0) || double.IsInfinity(Tolerance))
        {
            throw new UserException(FormattableString.Invariant($"--tolerance: {Tolerance}, expected 0 nats or more."));
        }

        if (Threads < 1)
        {
            throw new UserException($"--threads: {Threads}, expected at least 1.");
        }
    }
}
