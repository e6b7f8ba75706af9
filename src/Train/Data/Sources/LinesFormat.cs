using System.Text;

namespace TinyLM;

/// <summary>A line is a document; blank lines are left out.</summary>
internal sealed class LinesFormat : DocumentFormat
{
    public override string Identity => "lines";

    public override IReadOnlyList<string> Patterns => AlsoPacked("*.txt");

    public override IEnumerable<Document> Read(InputFile file)
    {
        var input = new TextInput(file.Path, file.Content());
        bool isBlank = true;
        while (input.TryReadLine(out ReadOnlyMemory<byte> line))
        {
            string text = Encoding.UTF8.GetString(line.Span);
            if (!string.IsNullOrWhiteSpace(text))
            {
                yield return new Document($"{file.Name}:{input.LineNumber}", text);
                isBlank = false;
            }
        }

        if (isBlank)
        {
            throw new UserException($"{file.Path}: all lines are blank; expected one document a line.");
        }
    }
}
