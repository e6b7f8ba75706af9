using System.Globalization;
using System.Text.RegularExpressions;

namespace TinyLM;

/// <summary>The body of one entry as text: its statements, labels and declarations.</summary>
internal sealed partial class PtxSource
{
    private readonly CompiledKernel _kernel;
    private readonly string[] _lines;

    private PtxSource(CompiledKernel kernel)
    {
        (_kernel, _lines) = (kernel, kernel.Ptx.Split('\n'));
    }

    public List<PtxStatement> Statements { get; } = [];

    /// <summary>Label → index of the statement that follows it.</summary>
    public Dictionary<string, int> Labels { get; } = [];

    /// <summary>Label of a <c>.branchtargets</c> line → its targets.</summary>
    public Dictionary<string, string[]> BranchTargets { get; } = [];

    /// <summary>Register → bits: "%rd3" → 64; a predicate has 1.</summary>
    public Dictionary<string, int> Registers { get; } = [];

    public Dictionary<string, int> ParameterOffsets { get; } = [];

    public Dictionary<string, int> SharedOffsets { get; } = [];

    public Dictionary<string, int> LocalOffsets { get; } = [];

    public int SharedBytes { get; private set; }

    public int LocalBytes { get; private set; }

    /// <exception cref="DeviceException">A line that is no PTX, as far as this parser knows it.</exception>
    public static PtxSource Parse(CompiledKernel kernel)
    {
        var source = new PtxSource(kernel);
        source.FindFunctions();
        source.ParseEntry();
        return source;
    }

    private static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    private void ParseEntry()
    {
        int line = 0;
        var dynamicShared = new List<string>();
        for (; line < _lines.Length && !_lines[line].Contains($".entry {_kernel.Entry}(", StringComparison.Ordinal); line++)
        {
            if (DynamicPattern().Match(_lines[line]) is { Success: true } match)
            {
                dynamicShared.Add(match.Groups["name"].Value);
            }
        }

        int offset = 0;
        for (; line < _lines.Length && _lines[line].Trim() != "{"; line++)
        {
            if (PtxCompiler.ParameterPattern().Match(_lines[line]) is { Success: true } match)
            {
                (int alignment, int bytes) = PtxParameterSize.Of(match);
                offset = Align(offset, alignment);
                ParameterOffsets[match.Groups["name"].Value] = offset;
                offset += bytes;
            }
        }

        ParseBody(line + 1, new Scope(_kernel.Entry, "", Caller: null, [], [], CallSuffix: null));

        // Dynamic shared memory begins after the static arrays.
        SharedBytes = Align(SharedBytes, 16);
        foreach (string name in dynamicShared)
        {
            SharedOffsets[name] = SharedBytes;
        }
    }

    private void ParseBody(int line, Scope scope)
    {
        string? label = null;
        for (; line < _lines.Length && _lines[line].Trim() != "}"; line++)
        {
            string text = _lines[line].Trim();
            if (text == "{")
            {
                line = ParseCall(line + 1, scope);
            }
            else
            {
                ParseLine(text, line + 1, scope, ref label);
            }
        }
    }

    private void ParseLine(string text, int line, Scope scope, ref string? label)
    {
        if (text.Length == 0 || text.StartsWith("//", StringComparison.Ordinal))
        {
            return;
        }

        if (text.EndsWith(':'))
        {
            label = text[..^1] + scope.Suffix;
            Labels[label] = Statements.Count;
        }
        else if (text.StartsWith('.'))
        {
            ParseDeclaration(text, line, scope, label);
        }
        else if (StatementPattern().Match(text) is { Success: true } match)
        {
            var statement = new PtxStatement(
                line,
                text,
                match.Groups["guard"].Success ? match.Groups["guard"].Value : null,
                match.Groups["not"].Length > 0,
                match.Groups["opcode"].Value,
                SplitOperands(match.Groups["operands"].Value));
            Statements.Add(Place(statement, scope));
        }
        else
        {
            throw Unknown(line, text);
        }
    }

    private void ParseDeclaration(string text, int line, Scope scope, string? label)
    {
        if (RegisterPattern().Match(text) is { Success: true } register)
        {
            int bits = register.Groups["type"].Value == "pred" ? 1 : Number(register.Groups["bits"]);
            for (int index = 0; index < Number(register.Groups["count"]); index++)
            {
                Registers[register.Groups["name"].Value + index + scope.Suffix] = bits;
            }
        }
        else if (ArrayPattern().Match(text) is { Success: true } array)
        {
            bool shared = array.Groups["space"].Value == "shared";
            if (shared && scope.Caller is not null)
            {
                throw Unknown(line, text);
            }

            int start = Align(shared ? SharedBytes : LocalBytes, Number(array.Groups["align"]));
            int end = start + Number(array.Groups["bytes"]);
            (shared ? SharedOffsets : LocalOffsets)[array.Groups["name"].Value + scope.Suffix] = start;
            scope.Locals.Add(array.Groups["name"].Value);
            (SharedBytes, LocalBytes) = shared ? (end, LocalBytes) : (SharedBytes, end);
        }
        else if (text.StartsWith(".branchtargets", StringComparison.Ordinal) && label is not null)
        {
            BranchTargets[label] = [.. PtxStatement.SplitList(text[".branchtargets".Length..].TrimEnd(';')).Select(target => Rename(target, scope))];
        }
        else if (!text.StartsWith(".loc", StringComparison.Ordinal) && !text.StartsWith(".pragma", StringComparison.Ordinal))
        {
            throw Unknown(line, text);
        }
    }

    private DeviceException Unknown(int line, string text) =>
        new($"{_kernel.Name}: PTX line {line} '{text}' is not known to the interpreter.");

    private static string[] SplitOperands(string text)
    {
        var operands = new List<string>();
        int depth = 0;
        int start = 0;
        for (int index = 0; index <= text.Length; index++)
        {
            char character = index < text.Length ? text[index] : ',';
            depth += character is '{' or '[' ? 1 : character is '}' or ']' ? -1 : 0;
            if (character == ',' && depth == 0)
            {
                operands.Add(text[start..index].Trim());
                start = index + 1;
            }
        }

        return text.Length == 0 ? [] : [.. operands];
    }

    [GeneratedRegex(@"^(?:@(?<not>!?)(?<guard>%\w+)\s+)?(?<opcode>[a-z][\w.]*)\s*(?<operands>[^;]*);$")]
    private static partial Regex StatementPattern();

    [GeneratedRegex(@"^\.reg\s+\.(?<type>pred|[a-z]+(?<bits>\d+))\s+(?<name>%[a-z]+)<(?<count>\d+)>;$")]
    private static partial Regex RegisterPattern();

    [GeneratedRegex(@"^\.(?<space>shared|local)\s+\.align\s+(?<align>\d+)\s+\.b8\s+(?<name>\w+)\[(?<bytes>\d+)\];$")]
    private static partial Regex ArrayPattern();

    [GeneratedRegex(@"^\s*\.extern\s+\.shared\s+.*\s(?<name>\w+)\[\]")]
    private static partial Regex DynamicPattern();
}
