using Spectre.Console;

namespace TinyLM;

/// <summary>What tokens and layouts cost over a corpus, as people read it.</summary>
public static class LayoutTable
{
    /// <summary>Prints a row a layout.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="tokens">The corpus, with its tokenizer.</param>
    /// <param name="config">Says the context, the tokens of a step, the shuffling and the seed.</param>
    public static void Print(IAnsiConsole console, TokenizedCorpus tokens, RunConfig config)
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(config);
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = Math.Max(console.Profile.Width, 160);
        }

        console.WriteLine(Text(
            $"{tokens.Name}: {tokens.Training.Count:N0} documents to train on, {tokens.Training.TokenCount:N0} tokens; tokenizer {tokens.Tokenizer.Name}: {tokens.Tokenizer.VocabularySize:N0} ids, a token stands for {tokens.MeanTokenBytes():F2} bytes"));
        var table = new Table().Border(TableBorder.Simple)
            .Title(Text($"Layouts: context {config.Model.ContextLength}, {config.Training.TokensPerStep:N0} tokens a step, shuffling {EnumName.Of(config.Training.Shuffle)}"))
            .AddColumns("layout", "steps an epoch", "tokens a step", "without their beginning", "dropped", "attention work");
        for (int column = 1; column < table.Columns.Count; column++)
        {
            table.Columns[column].RightAligned();
        }

        foreach (LayoutKind kind in Enum.GetValues<LayoutKind>())
        {
            TrainingConfig training = config.Training with { Layout = kind };
            LayoutCosts costs = LayoutCosts.Measure(tokens.Training, training.CreateLayout(config.Model.ContextLength), training.Shuffle, training.Seed);
            table.AddRow(
                EnumName.Of(kind), Text($"{costs.StepCount:N0}"), Text($"{(double)costs.TokenCount / costs.StepCount:N0}"), Text($"{costs.CutShare:P1}"),
                Text($"{costs.DroppedShare:P2}"), Text($"{costs.AttentionShare:P1}"));
        }

        console.Write(table);
        console.WriteLine("Attention works on pairs of tokens that see one another: a token's share of what it has in full rows. Tokens without their beginning do not see their document's first.");
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
