using System.Reflection;
using System.Security.Cryptography;

namespace TinyLM;

/// <summary>An audit, whole: the scorer that a user names, its model, the probes.</summary>
public static class AuditRun
{
    /// <summary>So large a window is never tried in full: documents would be long, and each sum takes one for every id.</summary>
    private const int LargestWindow = 64;

    private const int StridesPerWindow = 4;

    /// <summary>Runs it.</summary>
    /// <param name="options">What the user asks for.</param>
    /// <param name="display">What the user sees.</param>
    /// <exception cref="UserException">Something that the user can mend.</exception>
    public static AuditReport Execute(AuditOptions options, TrainingDisplay display)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(display);
        options.Check();
        using Device device = Device.Open(options.Device, options.Threads ?? 0);
        Checkpoint? checkpoint = options.Checkpoint is { } path ? CheckpointChoice.Find(path, display.Line).Checkpoint : null;
        Gpt? model = checkpoint is null ? null : ScoreRun.Load(checkpoint, device);
        ITokenizer? tokenizer = checkpoint is null ? null : TrainingCheckpoint.ReadTokenizer(checkpoint);
        int vocabulary = options.Vocabulary ?? model!.Config.VocabularySize, context = options.ContextId ?? tokenizer!.BosId;
        int window = options.Window ?? Math.Min(LargestWindow, model?.Config.ContextLength ?? LargestWindow);
        int stride = options.Stride ?? Math.Max(1, window / StridesPerWindow);
        IScorer scorer = Create(options with { Window = window, Stride = stride }, model);
        var audit = new ScorerAuditOptions
        {
            VocabularySize = vocabulary,
            ContextId = context,
            ScoresContextId = options.ScoresContextId,
            Window = window,
            Stride = stride,
            Tolerance = options.Tolerance,
            Documents = options.Ids is null ? null : IdsFile.Read(options.Ids, vocabulary, context),
            HashWeights = checkpoint is null ? null : options.Program is null ? () => WeightsHash.Of(model!) : () => HashOf(checkpoint),
        };
        AuditReport report = ScorerAudit.Run(scorer, audit, new Told(display));
        display.Audit(report);
        return report;
    }

    /// <summary>Of the weights as they lie on the disk, which a program could write to.</summary>
    private static string HashOf(Checkpoint checkpoint)
    {
        string path = Path.Combine(checkpoint.FolderPath, TrainingCheckpoint.ModelFile);
        try
        {
            using FileStream file = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    private static IScorer Create(AuditOptions options, Gpt? model) =>
        options.Program is { } program ? new ProgramScorer(program, options.ScoreEnd, TimeSpan.FromSeconds(options.TimeLimit))
        : options.Assembly is { } assembly ? Load(assembly, options.Type!, model!)
        : ScorerChoice.Create(options.Scorer!, model!, new ScorerOptions { Window = options.Window, Stride = options.Stride, ScoreEnd = options.ScoreEnd, TestTimeTraining = options.TestTimeTraining });

    /// <summary>Makes a scorer of a user's own.</summary>
    /// <exception cref="UserException">The assembly cannot be loaded, or has no such scorer.</exception>
    private static IScorer Load(string path, string name, Gpt model)
    {
        Type[] types = [.. KernelReport.Load(path).GetTypes().Where(type => type is { IsAbstract: false } && typeof(IScorer).IsAssignableFrom(type))];
        Type type = types.FirstOrDefault(type => type.Name == name || type.FullName == name)
            ?? throw new UserException($"--type: '{path}' has no scorer '{name}'; {(types.Length == 0 ? "it has no IScorer at all" : $"known: {string.Join(", ", types.Select(type => type.Name))}")}.");
        ConstructorInfo constructor = type.GetConstructor([typeof(Gpt)])
            ?? throw new UserException($"--type: {type.FullName} has no public constructor that takes a Gpt, and nothing else.");
        try
        {
            return (IScorer)constructor.Invoke([model]);
        }
        catch (TargetInvocationException fault)
        {
            throw new UserException($"--type: {type.FullName} cannot be made: {fault.InnerException!.Message}", UserException.Mistake, fault);
        }
    }

    private sealed class Told(TrainingDisplay display) : IProgress<string>
    {
        public void Report(string value) => display.Line(value);
    }
}
