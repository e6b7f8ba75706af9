namespace TinyLM;

/// <summary>Compares scores that lie in files: results of <see cref="ScoreRun"/>, or scores of anyone's (<see cref="NatsFile"/>).</summary>
public static class ScoreFiles
{
    private const char ScorerMark = '#';

    /// <summary>Compares two files.</summary>
    /// <param name="first">What is compared with: a file, and where it holds several scorers, <c>#NAME</c> behind it.</param>
    /// <param name="second">What is compared.</param>
    /// <exception cref="UserException">A file cannot be read, or the two are not of the same targets.</exception>
    public static ScoreComparison Compare(string first, string second)
    {
        Scores a = Read(first), b = Read(second);
        return a.Documents is null || b.Documents is null || a.Documents == b.Documents
            ? ScoreComparison.Of(a.Name, a.Values, b.Name, b.Values)
            : throw new UserException($"compare: {first} and {second} are of other documents, or of another tokenizer's tokens (SHA-256 {a.Documents[..12]}… and {b.Documents[..12]}…); expected the same.");
    }

    private static Scores Read(string name)
    {
        int mark = File.Exists(name) ? -1 : name.LastIndexOf(ScorerMark);
        string path = mark < 0 ? name : name[..mark];
        if (Directory.Exists(path))
        {
            path = Path.Combine(path, ScoreResults.FileName);
        }

        if (!IsResults(path))
        {
            return new Scores(name, [.. NatsFile.Read(path).Select(values => new DocumentScore(values.Length, 0, values.Sum(value => (double)value)))], null);
        }

        var results = ScoreResults.Read(path);
        string known = string.Join("; ", results.Scorers.Select(scorer => scorer.Name));
        ScorerResults scorer = mark >= 0 ? results.Scorers.FirstOrDefault(scorer => scorer.Name == name[(mark + 1)..])
                ?? throw new UserException($"compare: {path} has no scorer '{name[(mark + 1)..]}'; known: {known}.")
            : results.Scorers.Count == 1 ? results.Scorers[0]
            : throw new UserException($"compare: {path} has the scores of {results.Scorers.Count} scorers; say which, as in '{path}{ScorerMark}{(results.Scorers.Count > 0 ? results.Scorers[^1].Name : "")}': {known}.");
        return results.DocumentBytes.Count == results.DocumentTargets.Count && scorer.DocumentNats.Count == results.DocumentTargets.Count
            ? new Scores($"{path}{ScorerMark}{scorer.Name}", results.Scores(scorer), results.DocumentsSha256)
            : throw new UserException($"{path}: has targets of {results.DocumentTargets.Count} documents, bytes of {results.DocumentBytes.Count} and nats of {scorer.DocumentNats.Count}; expected as many of each.");
    }

    /// <summary>Results begin with a brace, lines of scores with a bracket.</summary>
    private static bool IsResults(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            int character;
            while ((character = stream.ReadByte()) is ' ' or '\r' or '\n' or '\t')
            {
            }

            return character == '{';
        }
        catch (Exception fault) when (FileFault.Is(fault) || fault is ArgumentException or NotSupportedException)
        {
            throw FileFault.Reading(path, fault);
        }
    }

    /// <param name="Name">For people.</param>
    /// <param name="Values">[documents].</param>
    /// <param name="Documents">SHA-256 of the documents; null where it is not known.</param>
    private sealed record Scores(string Name, IReadOnlyList<DocumentScore> Values, string? Documents);
}
