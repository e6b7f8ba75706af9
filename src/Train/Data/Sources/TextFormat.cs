namespace TinyLM;

/// <summary>A whole file is one text.</summary>
/// <param name="isStream">Whether it is all there is: one running text.</param>
internal sealed class TextFormat(bool isStream) : DocumentFormat
{
    public override string Identity => isStream ? "text" : "folder";

    public override IReadOnlyList<string> Patterns => ["*"];

    public override bool IsStream => isStream;

    public override IEnumerable<Document> Read(InputFile file)
    {
        var input = new TextInput(file.Path, file.Content());
        bool continues = false;
        for (; input.ReadPart() is { } part; continues = true)
        {
            yield return new Document(file.Name, part) { Continues = continues };
        }

        if (isStream && !continues)
        {
            throw new UserException($"{file.Path}: the file is empty; expected UTF-8 text.");
        }
    }
}
