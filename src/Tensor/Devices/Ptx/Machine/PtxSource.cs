using System.Globalization;
using System.Text.RegularExpressions;

namespace TinyLM;

/// <summary>The body of one entry as text: its statements, labels and declarations.</summary>
internal sealed partial class PtxSource
{
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
        var source = new PtxSource();
        string[] lines = kernel.Ptx.Split('\n');
        int line = 0;
        var dynamicShared = new List<string>();
        for (; line < lines.Length && !lines[line].Contains($".entry {kernel.Entry}(", StringComparison.Ordinal); line++)
        {
            if (DynamicPattern().Match(lines[line]) is { Success: true } match)
            {
                dynamicShared.Add(match.Groups["name"].Value);
            }
        }

        int offset = 0;
        for (; line < lines.Length && lines[line].Trim() != "{"; line++)
        {
            if (PtxCompiler.ParameterPattern().Match(lines[line]) is { Success: true } match)
            {
                (int alignment, int bytes) = PtxParameterSize.Of(match);
                offset = Align(offset, alignment);
                source.ParameterOffsets[match.Groups["name"].Value] = offset;
                offset += bytes;
            }
        }

        string? label = null;
        for (line++; line < lines.Length && lines[line].Trim() != "}"; line++)
        {
            source.ParseLine(kernel, lines[line].Trim(), line + 1, ref label);
        }

        // Dynamic shared memory begins after the static arrays.
        source.SharedBytes = Align(source.SharedBytes, 16);
        foreach (string name in dynamicShared)
        {
            source.SharedOffsets[name] = source.SharedBytes;
        }

        return source;
    }

    private static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    private void ParseLine(CompiledKernel kernel, string text, int line, ref string? label)
    {
        if (text.Length == 0 || text.StartsWith("//", StringComparison.Ordinal))
        {
            return;
        }

        if (text.EndsWith(':'))
        {
            label = text[..^1];
            Labels[label] = Statements.Count;
        }
        else if (text.StartsWith('.'))
        {
            ParseDeclaration(kernel, text, line, label);
        }
        else if (StatementPattern().Match(text) is { Success: true } match)
        {
            Statements.Add(new PtxStatement(
                line,
                text,
                match.Groups["guard"].Success ? match.Groups["guard"].Value : null,
                match.Groups["not"].Length > 0,
                match.Groups["opcode"].Value,
                SplitOperands(match.Groups["operands"].Value)));
        }
        else
        {
            throw text == "{"
                ? new DeviceException(
                    $"{kernel.Name}: PTX line {line} begins a call, which the interpreter does not know: recursion, or a function that ILGPU cannot inline.")
                : Unknown(kernel, line, text);
        }
    }

    private void ParseDeclaration(CompiledKernel kernel, string text, int line, string? label)
    {
        if (RegisterPattern().Match(text) is { Success: true } register)
        {
            int bits = register.Groups["type"].Value == "pred" ? 1 : Number(register.Groups["bits"]);
            for (int index = 0; index < Number(register.Groups["count"]); index++)
            {
                Registers[register.Groups["name"].Value + index] = bits;
            }
        }
        else if (ArrayPattern().Match(text) is { Success: true } array)
        {
            bool shared = array.Groups["space"].Value == "shared";
            int start = Align(shared ? SharedBytes : LocalBytes, Number(array.Groups["align"]));
            int end = start + Number(array.Groups["bytes"]);
            (shared ? SharedOffsets : LocalOffsets)[array.Groups["name"].Value] = start;
            (SharedBytes, LocalBytes) = shared ? (end, LocalBytes) : (SharedBytes, end);
        }
        else if (text.StartsWith(".branchtargets", StringComparison.Ordinal) && label is not null)
        {
            BranchTargets[label] = PtxStatement.SplitList(text[".branchtargets".Length..].TrimEnd(';'));
        }
        else if (!text.StartsWith(".loc", StringComparison.Ordinal) && !text.StartsWith(".pragma", StringComparison.Ordinal))
        {
            throw Unknown(kernel, line, text);
        }
    }

    private static DeviceException Unknown(CompiledKernel kernel, int line, string text) =>
        new($"{kernel.Name}: PTX line {line} '{text}' is not known to the interpreter.");

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
