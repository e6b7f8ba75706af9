using Spectre.Console;

namespace TinyLM.Leaks;

/// <summary>Every leak, and the probes that catch it.</summary>
internal static class Demonstration
{
    private const int Vocabulary = 11, Window = 8, Chunk = 4, LongestDocument = 14;

    /// <returns>Whether each leak was caught, and a scorer without one passed.</returns>
    public static bool Run(int documentCount, ulong seed)
    {
        TokenizedDocuments documents = Documents(documentCount, seed);
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 200);
        Table table = new Table().Title(FormattableString.Invariant($"{documents.Count:N0} documents, {documents.TokenCount:N0} tokens"))
            .AddColumns("leak", "caught by", "the first counter-example", "seconds");
        bool isRight = true;
        Leak[] leaks = Enum.GetValues<Leak>();
        var reports = new AuditReport[leaks.Length];
        Parallel.For(0, leaks.Length, i => reports[i] = Audit(leaks[i], documents, seed));
        foreach (var (leak, report) in leaks.Zip(reports))
        {
            AuditFinding[] failures = [.. report.Failures];
            isRight &= leak == Leak.None ? report.Passed : failures.Length > 0;
            table.AddRow(
                $"{leak}", failures.Length == 0 ? "none" : string.Join(", ", failures.Select(failure => failure.Probe)),
                Markup.Escape(failures.Length == 0 ? "" : failures[0].Detail), FormattableString.Invariant($"{report.Seconds:F1}"));
        }

        AnsiConsole.Write(table);
        return isRight;
    }

    private static AuditReport Audit(Leak leak, TokenizedDocuments documents, ulong seed)
    {
        using Device device = Device.Open("cpu", 1);
        Gpt model = Model(device, seed);
        return ScorerAudit.Run(new LeakyScorer(model, Window, Chunk, leak), new ScorerAuditOptions
        {
            VocabularySize = Vocabulary,
            ContextId = Vocabulary - 1,
            Window = Window,
            Stride = Chunk,
            Documents = documents,
            HashWeights = () => WeightsHash.Of(model),
        });
    }

    /// <summary>Fresh weights predict almost uniformly; these, ten times as large, tell contexts apart.</summary>
    private static Gpt Model(Device device, ulong seed)
    {
        var model = new Gpt(device, GptConfig.Llama(layers: 1, heads: 2, width: 8, context: 2 * Window, Vocabulary), seed);
        model.Parameters.Values.CopyFrom([.. model.Parameters.Values.ToArray().Select(value => 10 * value)]);
        return model;
    }

    private static TokenizedDocuments Documents(int count, ulong seed)
    {
        var random = new Philox(seed, Philox.Purpose("documents"));
        var ids = new List<int>();
        var starts = new int[count + 1];
        for (int document = 0; document < count; document++)
        {
            ids.Add(Vocabulary - 1);
            for (int left = (int)(random.Uniform((ulong)document << 32) * LongestDocument); left > 0; left--)
            {
                ids.Add((int)(random.Uniform((ulong)ids.Count) * (Vocabulary - 1)));
            }

            starts[document + 1] = ids.Count;
        }

        return new TokenizedDocuments([.. ids], starts, Vocabulary - 1);
    }
}
