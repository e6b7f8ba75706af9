using System.Text;

namespace TinyLM;

/// <summary>
/// Turns the identifiers of XML documentation (<c>M:System.String.Concat(System.String,System.String)</c>) into readable names.
/// </summary>
internal static class XmlDocNames
{
    /// <summary>A member's first line: <c>Method System.String.Concat(String, String)</c>.</summary>
    public static string Title(string identifier)
    {
        var (kind, name, parameters) = Split(identifier);
        string title = WithoutArity(name).Replace('#', '.');
        if (name.EndsWith(".#ctor", StringComparison.Ordinal) || name.EndsWith(".#cctor", StringComparison.Ordinal))
        {
            string type = WithoutArity(name[..name.LastIndexOf('.')]);
            (kind, title) = ("Constructor", $"{type}.{type[(type.LastIndexOf('.') + 1)..]}");
        }

        string signature = parameters.Length > 0 || kind is "Method" or "Constructor" ? Parameters(parameters) : "";
        return kind.Length > 0 ? $"{kind} {title}{signature}" : title + signature;
    }

    /// <summary>What a reference shows: <c>String</c>, <c>String.Concat</c>.</summary>
    public static string Short(string identifier)
    {
        var (kind, name, _) = Split(identifier);
        name = WithoutArity(name).Replace(".#ctor", "", StringComparison.Ordinal).Replace('#', '.');
        int dot = name.LastIndexOf('.');
        if (dot > 0 && kind is "Method" or "Property" or "Field" or "Event" && !identifier.Contains("#ctor", StringComparison.Ordinal))
        {
            dot = name.LastIndexOf('.', dot - 1);
        }

        return kind == "Namespace" ? name : name[(dot + 1)..];
    }

    private static (string Kind, string Name, string Parameters) Split(string identifier)
    {
        string kind = "", name = identifier;
        if (identifier.Length > 2 && identifier[1] == ':')
        {
            (kind, name) = (KindOf(identifier[0]), identifier[2..]);
        }

        int parenthesis = name.IndexOf('(', StringComparison.Ordinal);
        return parenthesis < 0 ? (kind, name, "") : (kind, name[..parenthesis], name[parenthesis..]);
    }

    private static string KindOf(char letter) => letter switch
    {
        'T' => "Type",
        'M' => "Method",
        'P' => "Property",
        'F' => "Field",
        'E' => "Event",
        'N' => "Namespace",
        _ => "",
    };

    /// <summary>Drops the number of type parameters: <c>List`1</c>, <c>Select``2</c>.</summary>
    private static string WithoutArity(string name)
    {
        if (!name.Contains('`', StringComparison.Ordinal))
        {
            return name;
        }

        var text = new StringBuilder(name.Length);
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] != '`')
            {
                text.Append(name[i]);
                continue;
            }

            while (i + 1 < name.Length && (name[i + 1] == '`' || char.IsAsciiDigit(name[i + 1])))
            {
                i++;
            }
        }

        return text.ToString();
    }

    /// <summary>
    /// <c>(System.Int32,`0,System.Nullable{System.Char}@)~System.Int64</c> becomes <c>(Int32, T0, Nullable&lt;Char&gt;)</c>.
    /// </summary>
    private static string Parameters(string parameters)
    {
        if (parameters.Length == 0)
        {
            return "()";
        }

        var text = new StringBuilder(parameters.Length);
        int wordStart = 0;
        foreach (char character in parameters)
        {
            switch (character)
            {
                case '.' or '+':
                    text.Length = wordStart;
                    continue;
                case '`':
                    if (text.Length == wordStart)
                    {
                        text.Append('T');
                    }

                    continue;
                case '@':
                    continue;
                case '~':
                    text.Append(" to ");
                    break;
                case '{':
                    text.Append('<');
                    break;
                case '}':
                    text.Append('>');
                    break;
                case ',':
                    text.Append(", ");
                    break;
                default:
                    text.Append(character);
                    if (char.IsLetterOrDigit(character) || character == '_')
                    {
                        continue;
                    }

                    break;
            }

            wordStart = text.Length;
        }

        return text.ToString();
    }
}
