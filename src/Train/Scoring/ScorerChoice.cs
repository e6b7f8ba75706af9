using System.Globalization;

namespace TinyLM;

/// <summary>The scorer that a user names: <c>packed</c>, <c>chunked</c>, <c>strided</c> or <c>strided:STRIDE</c>.</summary>
public static class ScorerChoice
{
    private const int StridesPerWindow = 4;

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["packed", "chunked", "strided"];

    /// <summary>Makes it.</summary>
    /// <param name="choice">The name, with the targets of a chunk behind a colon where the scorer has such.</param>
    /// <param name="model">What scores.</param>
    /// <param name="options">What holds for all scorers.</param>
    /// <exception cref="UserException">There is none of that name, or it cannot be with this model.</exception>
    public static IScorer Create(string choice, Gpt model, ScorerOptions options)
    {
        ArgumentNullException.ThrowIfNull(choice);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        string[] parts = choice.Split(':', 2);
        int window = options.Window ?? model.Config.ContextLength;
        if (window < 1)
        {
            throw new UserException($"--window: {window}, expected at least 1.");
        }

        return parts[0] switch
        {
            "packed" when parts.Length == 1 => new PackedScorer(model, window, options.ScoreEnd),
            "chunked" when parts.Length == 1 => new ChunkedScorer(model, window, options.ScoreEnd),
            "strided" => new StridedScorer(model, window, Stride(), options.ScoreEnd),
            "packed" or "chunked" => throw new UserException($"--scorer: '{choice}': {parts[0]} has no chunks; leave '{parts[1]}' out."),
            _ => throw new UserException($"--scorer: '{choice}' is unknown; known: {string.Join(", ", Names)}, and strided:STRIDE."),
        };

        int Stride() => parts.Length == 1 ? options.Stride ?? Math.Max(1, window / StridesPerWindow)
            : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int stride) ? stride
            : throw new UserException($"--scorer: '{choice}': '{parts[1]}' is no number of targets; expected such as {parts[0]}:128.");
    }
}
