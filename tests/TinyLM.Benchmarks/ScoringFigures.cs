using System.Diagnostics;
using Spectre.Console;

namespace TinyLM.Benchmarks;

/// <summary>What test-time training costs, as a multiple of strided scoring of the same documents in the same chunks.</summary>
internal static class ScoringFigures
{
    private const int Window = 2048;
    private const int Vocabulary = 1024;
    private const int Tokens = 65536;

    private static readonly int[] Lengths = [700, 2048, 8192];

    private static readonly (string Name, int Layers, int Heads, int Width)[] Models = [("4 layers of 128", 4, 4, 128), ("6 layers of 384", 6, 6, 384)];

    /// <summary>The head is adapted by each.</summary>
    private static readonly (string Name, LoraConfig Lora)[] Adapters =
    [
        ("default", new LoraConfig()),
        ("last layer", new LoraConfig { Layers = 1 }),
        ("last layer, all", new LoraConfig { Layers = 1, Targets = LoraRates.Kinds.Aggregate((all, kind) => all | kind) }),
    ];

    private static readonly (string Choice, int Adapters)[] Learning =
        [("ttt:256", 0), ("ttt-streaming:256", 0), ("ttt-streaming:256", 1), ("ttt-streaming:256", 2), ("ttt-streaming:32", 0), ("ttt-streaming:32", 1)];

    public static void Run(int threads, int rounds, string[] filter, IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Simple).Title($"window {Window:N0}, {Tokens:N0} random tokens, {threads} threads")
            .AddColumns("model", "tokens a document", "scorer", "adapters", "seconds", "strided", "ratio");
        using Device device = Device.Open("cpu", threads);
        foreach (var (name, layers, heads, width) in Models)
        {
            var model = new Gpt(device, GptConfig.Llama(layers, heads, width, Window, Vocabulary));
            foreach (int length in Lengths)
            {
                TokenizedDocuments documents = Documents(length);
                foreach (var (choice, adapter) in Learning)
                {
                    var (adapters, lora) = Adapters[adapter];
                    if (filter.Length > 0 && !filter.Any(text => $"{name} {length} {choice} {adapters}".Contains(text, StringComparison.OrdinalIgnoreCase)))
                    {
                        continue;
                    }

                    var options = new ScorerOptions { TestTimeTraining = new TestTimeTrainingConfig { Lora = lora } };
                    IScorer strided = ScorerChoice.Create($"strided:{choice.Split(':')[1]}", model, options), learning = ScorerChoice.Create(choice, model, options);
                    var (before, after) = Medians(strided, learning, documents, rounds);
                    table.AddRow(name, $"{length:N0}", choice, adapters, Text($"{after:F2}"), Text($"{before:F2}"), Text($"{after / before:F2}"));
                }
            }
        }

        console.Write(table);
    }

    /// <summary>By turns, after one turn that does not count.</summary>
    private static (double Strided, double Learning) Medians(IScorer strided, IScorer learning, TokenizedDocuments documents, int rounds)
    {
        var seconds = Enumerable.Range(-1, rounds + 1).Select(_ => (Strided: Seconds(strided, documents), Learning: Seconds(learning, documents))).Skip(1).ToArray();
        return (Timing.Median(seconds.Select(round => round.Strided)), Timing.Median(seconds.Select(round => round.Learning)));
    }

    private static double Seconds(IScorer scorer, TokenizedDocuments documents)
    {
        long start = Stopwatch.GetTimestamp();
        _ = scorer.Score(documents);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static TokenizedDocuments Documents(int length)
    {
        var random = new Philox(seed: 3, Philox.Purpose("scored ids"));
        int[] starts = [.. Enumerable.Range(0, Tokens / length + 1).Select(document => document * length)];
        return new TokenizedDocuments([.. Enumerable.Range(0, starts[^1]).Select(i => i % length == 0 ? 0 : (int)(random.Uniform((ulong)i) * Vocabulary))], starts, bosId: 0);
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
