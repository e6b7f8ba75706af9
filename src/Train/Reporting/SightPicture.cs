using System.Globalization;
using System.Text;

namespace TinyLM;

/// <summary>An SVG of what the targets of two short documents see under each scorer: a row a target, a column a token, in light and dark.</summary>
public static class SightPicture
{
    private const int Vocabulary = 13, Context = 8, Window = 6, Stride = 2;
    private const int Cell = 16, Left = 86, Top = 56, Gap = 40, PanelsPerRow = 2;

    private const string Style = """
        text { font: 12px system-ui, sans-serif; fill: #52514e } .title { font-size: 14px; font-weight: 600; fill: #16161a } rect { stroke: #fdfdfc; stroke-width: 1.5 }
        .none { fill: #ecebe5 } .seen { fill: #2a78d6 } .other { fill: #e34948 } .own { fill: #eda100 } .page { fill: #fdfdfc }
        @media (prefers-color-scheme: dark) {
          text { fill: #c3c2b7 } .title { fill: #f4f4f2 } rect { stroke: #19191a } .none { fill: #2b2b2a } .seen { fill: #3987e5 } .other { fill: #e66767 } .own { fill: #c98500 } .page { fill: #19191a }
        }
        """;

    /// <summary>Lengths of the two documents, BOS included.</summary>
    private static readonly int[] Lengths = [5, 12];

    /// <summary>Writes the picture.</summary>
    /// <exception cref="UserException">The file cannot be written.</exception>
    public static void Save(string path)
    {
        using Device device = Device.Open("cpu", 1);
        var model = new Gpt(device, GptConfig.Llama(layers: 1, heads: 2, width: 16, Context, Vocabulary), seed: 1);

        // Fresh weights hardly tell tokens apart; larger ones do, to the bit.
        model.Parameters.Values.CopyFrom([.. model.Parameters.Values.ToArray().Select(value => 5 * value)]);
        var random = new Philox(1, Philox.Purpose("sight"));
        int[] ids = [.. Lengths.SelectMany((length, document) => (int[])[Vocabulary - 1, .. Enumerable.Range(1, length - 1).Select(i => (int)((Vocabulary - 1) * random.Uniform((ulong)(100 * document + i))))])];
        var documents = new TokenizedDocuments(ids, [0, Lengths[0], ids.Length], Vocabulary - 1);
        IScorer[] scorers = [.. ScorerChoice.Names.Select(name => ScorerChoice.Create(name, model, new ScorerOptions { Window = Window, Stride = Stride }))];
        AtomicFile.WriteText(path, Draw(documents, [.. scorers.Select(scorer => (scorer.Name, ScorerSight.Find(scorer, documents, Vocabulary)))]));
    }

    private static string Draw(TokenizedDocuments documents, IReadOnlyList<(string Name, bool[,] Seen)> panels)
    {
        int tokens = (int)documents.TokenCount, targets = tokens - documents.Count;
        int panelWidth = Left + tokens * Cell + Gap, panelHeight = Top + targets * Cell + Gap;
        int width = PanelsPerRow * panelWidth, height = (panels.Count + PanelsPerRow - 1) / PanelsPerRow * panelHeight;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"What each target sees\">\n<style>{Style}</style>\n<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n");
        for (int panel = 0; panel < panels.Count; panel++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({panel % PanelsPerRow * panelWidth + Gap / 2} {panel / PanelsPerRow * panelHeight})\">\n");
            DrawPanel(svg, documents, panels[panel].Name, panels[panel].Seen);
            svg.Append("</g>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void DrawPanel(StringBuilder svg, TokenizedDocuments documents, string name, bool[,] seen)
    {
        Text(0, 20, "title", name);
        int firstToken = 0, row = 0;
        for (int document = 0; document < documents.Count; document++)
        {
            int length = documents.LengthOf(document);
            Text(Left + firstToken * Cell, Top - 8, "", $"document {document + 1}");
            for (int target = 1; target < length; target++, row++)
            {
                Text(0, Top + row * Cell + 12, "", $"{document + 1}, target {target}");
                for (int token = 0; token < seen.GetLength(1); token++)
                {
                    bool isOwn = token >= firstToken && token < firstToken + length;
                    string style = token == firstToken + target ? "own" : !seen[row, token] ? "none" : isOwn ? "seen" : "other";
                    svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{style}\" x=\"{Left + token * Cell}\" y=\"{Top + row * Cell}\" width=\"{Cell}\" height=\"{Cell}\" rx=\"3\"/>\n");
                }
            }

            firstToken += length;
        }

        void Text(int x, int y, string style, string text) => svg.Append(CultureInfo.InvariantCulture, $"<text class=\"{style}\" x=\"{x}\" y=\"{y}\">{text}</text>\n");
    }
}
