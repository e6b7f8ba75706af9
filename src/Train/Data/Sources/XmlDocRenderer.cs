using System.Text;
using System.Xml;

namespace TinyLM;

/// <summary>
/// Renders a member of an XML documentation file as plain text: its kind and name on the first line, then the summary, the parameters,
/// what it returns and throws, the remarks, each a line. White space is folded, references become short names.
/// </summary>
internal sealed class XmlDocRenderer
{
    private readonly StringBuilder _text = new();

    /// <summary>Renders the member that <paramref name="xml"/> stands on and moves to its end. Empty if it has no text.</summary>
    public string Render(string name, XmlReader xml)
    {
        _text.Clear().Append(XmlDocNames.Title(name));
        int titleLength = _text.Length;
        if (!xml.IsEmptyElement)
        {
            int depth = xml.Depth;
            while (xml.Read() && xml.Depth > depth)
            {
                if (xml.NodeType == XmlNodeType.Element)
                {
                    RenderSection(xml);
                }
            }
        }

        return _text.Length > titleLength ? _text.ToString() : "";
    }

    private void RenderSection(XmlReader xml)
    {
        int start = _text.Length;
        _text.Append('\n');
        switch (xml.Name)
        {
            case "summary":
                break;
            case "param" or "typeparam":
                _text.Append(xml.GetAttribute("name")).Append(": ");
                break;
            case "returns":
                _text.Append("Returns: ");
                break;
            case "value":
                _text.Append("Value: ");
                break;
            case "exception":
                _text.Append("Throws ").Append(XmlDocNames.Short(xml.GetAttribute("cref") ?? "")).Append(": ");
                break;
            case "remarks":
                _text.Append("Remarks: ");
                break;
            case "example":
                _text.Append("Example: ");
                break;
            default:
                _text.Length = start;
                Skip(xml);
                return;
        }

        int contentStart = _text.Length;
        RenderContent(xml);
        TrimEnd(contentStart);
        if (_text.Length == contentStart)
        {
            _text.Length = start;
        }
    }

    private void RenderContent(XmlReader xml)
    {
        if (xml.IsEmptyElement)
        {
            return;
        }

        int depth = xml.Depth;
        while (xml.Read() && xml.Depth > depth)
        {
            switch (xml.NodeType)
            {
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                    AppendFolded(xml.Value);
                    break;
                case XmlNodeType.Element:
                    RenderInline(xml);
                    break;
                default:
                    break;
            }
        }
    }

    private void RenderInline(XmlReader xml)
    {
        switch (xml.Name)
        {
            // With content, "see" is a link's text, which the loop renders.
            case "see" or "seealso" when xml.IsEmptyElement:
                string reference = xml.GetAttribute("cref") is { } cref ? XmlDocNames.Short(cref) : xml.GetAttribute("href") ?? "";
                AppendFolded(xml.GetAttribute("langword") ?? reference);
                break;
            case "paramref" or "typeparamref":
                AppendFolded(xml.GetAttribute("name") ?? "");
                break;
            case "para" or "br" or "item" or "list" or "code" or "description" or "term":
                AppendFolded(" ");
                break;
            default:
                break;
        }
    }

    private static void Skip(XmlReader xml)
    {
        if (xml.IsEmptyElement)
        {
            return;
        }

        int depth = xml.Depth;
        while (xml.Read() && xml.Depth > depth)
        {
        }
    }

    private void AppendFolded(string value)
    {
        foreach (char character in value)
        {
            if (!char.IsWhiteSpace(character))
            {
                _text.Append(character);
            }
            else if (_text[^1] is not (' ' or '\n'))
            {
                _text.Append(' ');
            }
        }
    }

    private void TrimEnd(int start)
    {
        while (_text.Length > start && _text[^1] == ' ')
        {
            _text.Length--;
        }
    }
}
