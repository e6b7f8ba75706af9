using System.Text;
using System.Text.RegularExpressions;

namespace TinyLM;

/// <summary>
/// Text that is cut into documents: before each line that a pattern matches, such as WikiText's headings, and at each mark that ends a document,
/// such as <c>&lt;|endoftext|&gt;</c>, which belongs to none. Line ends about a cut and documents of white space alone are left out.
/// </summary>
internal sealed class SeparatedFormat : DocumentFormat
{
    private readonly Regex? _begin;
    private readonly string? _end;

    /// <param name="begin">Regular expression of a line that begins a document; null for none.</param>
    /// <param name="end">What ends a document, anywhere in a line; null for none.</param>
    /// <exception cref="UserException">One of the two is malformed.</exception>
    public SeparatedFormat(string? begin, string? end)
    {
        if (end is { Length: 0 } || end?.AsSpan().ContainsAny('\r', '\n') == true)
        {
            throw new UserException("a document's end: expected a mark within a line, such as <|endoftext|>, neither empty nor with a line break.");
        }

        try
        {
            // Without backtracking no line takes long.
            _begin = begin is null ? null : new Regex(begin, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            throw new UserException($"a document's begin: '{begin}' is not a regular expression that can be used here: {fault.Message}", UserException.Mistake, fault);
        }

        (_end, Identity) = (end, $"separated begin={begin} end={end}");
    }

    public override string Identity { get; }

    public override IReadOnlyList<string> Patterns => AlsoPacked("*.txt", "*.tokens", "*.raw");

    public override IEnumerable<Document> Read(InputFile file)
    {
        var input = new TextInput(file.Path, file.Content());
        var document = new Pending(file.Name);
        bool isCut = false;
        while (input.TryReadLine(out ReadOnlyMemory<byte> bytes))
        {
            string line = Encoding.UTF8.GetString(bytes.Span);
            if (_begin?.IsMatch(line) == true)
            {
                isCut = true;
                if (document.End() is { } last)
                {
                    yield return last;
                }
            }

            document.BeginLine(input.LineNumber);
            for (int end; _end is not null && (end = line.IndexOf(_end, StringComparison.Ordinal)) >= 0; line = line[(end + _end.Length)..])
            {
                isCut = true;
                document.Append(line[..end]);
                if (document.End() is { } ended)
                {
                    yield return ended;
                }

                document.BeginLine(input.LineNumber);
            }

            document.Append(line);
            if (document.TakePart() is { } part)
            {
                yield return part;
            }
        }

        if (document.End() is { } rest)
        {
            yield return rest;
        }

        if (!isCut)
        {
            throw new UserException($"{file.Path}: nothing in it matches {Identity}, so it is one text; expected what begins or ends its documents.");
        }
    }

    /// <summary>The document that is being read.</summary>
    private sealed class Pending(string fileName)
    {
        private readonly StringBuilder _text = new();
        private string _name = "";
        private bool _continues;
        private int _lineEnds;

        public void BeginLine(long number)
        {
            if (_text.Length == 0 && !_continues)
            {
                (_name, _lineEnds) = ($"{fileName}:{number}", 0);
            }
            else
            {
                _lineEnds++;
            }
        }

        public void Append(string line)
        {
            if (line.Length > 0)
            {
                _text.Append('\n', _lineEnds).Append(line);
                _lineEnds = 0;
            }
        }

        /// <summary>What is there of a document so long that it comes in parts; else null.</summary>
        public Document? TakePart() => _text.Length >= TextInput.LongestPart ? Take(continues: true) : null;

        /// <summary>The rest of the document, or null where there is none.</summary>
        public Document? End() => Take(continues: false);

        private Document? Take(bool continues)
        {
            string text = _text.ToString();
            var document = new Document(_name, text) { Continues = _continues };
            bool isKept = _continues ? text.Length > 0 : !string.IsNullOrWhiteSpace(text);
            _text.Clear();
            _continues = continues && isKept;
            _lineEnds = _continues ? _lineEnds : 0;
            return isKept ? document : null;
        }
    }
}
