using System.Globalization;
using System.Text.RegularExpressions;

namespace TinyLM;

// Calls: ILGPU inlines all methods but those marked NoInlining, such as its own double-precision functions. The body of a called function
// goes in where it is called, with registers, labels and local arrays of its own; arguments and the result become registers.
internal sealed partial class PtxSource
{
    private const string EndLabel = "End";
    private readonly Dictionary<string, Function> _functions = [];
    private int _callCount;

    private void FindFunctions()
    {
        for (int line = 0; line < _lines.Length; line++)
        {
            if (FunctionPattern().Match(_lines[line]) is not { Success: true } header)
            {
                continue;
            }

            var parameters = new List<string>();
            for (line++; line < _lines.Length && _lines[line].Trim() is not ("{" or ";"); line++)
            {
                if (PtxCompiler.ParameterPattern().Match(_lines[line]) is { Success: true } parameter)
                {
                    parameters.Add(parameter.Groups["name"].Value);
                }
            }

            if (line < _lines.Length && _lines[line].Trim() == "{")
            {
                string result = PtxCompiler.ParameterPattern().Match(header.Groups["result"].Value).Groups["name"].Value;
                _functions[header.Groups["name"].Value] = new Function(line + 1, result, parameters);
            }
        }
    }

    /// <summary>A block in braces that passes arguments, calls and takes the result; returns the line of its end.</summary>
    private int ParseCall(int line, Scope scope)
    {
        string suffix = $"#{++_callCount}";
        string? label = null;
        for (; line < _lines.Length && _lines[line].Trim() != "}"; line++)
        {
            string text = _lines[line].Trim();
            if (CallPattern().Match(text) is { Success: true } call)
            {
                int place = line + 1;
                var arguments = new List<string>();
                for (line++; line < _lines.Length && !_lines[line].Trim().StartsWith(')'); line++)
                {
                    arguments.Add(_lines[line].Trim().TrimEnd(','));
                }

                Inline(call.Groups["name"].Value, call.Groups["result"].Value, arguments, suffix, scope, place);
            }
            else if (!text.StartsWith(".param", StringComparison.Ordinal))
            {
                ParseLine(text, line + 1, scope with { CallSuffix = suffix }, ref label);
            }
        }

        return line;
    }

    private void Inline(string name, string result, List<string> arguments, string suffix, Scope caller, int line)
    {
        if (!_functions.TryGetValue(name, out Function? function) || function.Parameters.Count != arguments.Count)
        {
            throw new DeviceException($"{_kernel.Name}: PTX line {line} calls {name}, which is not defined in the PTX.");
        }

        for (Scope? scope = caller; scope is not null; scope = scope.Caller)
        {
            if (scope.Function == name)
            {
                throw new DeviceException($"{_kernel.Name}: PTX line {line} calls {name}, which calls itself; the interpreter does not know recursion.");
            }
        }

        Dictionary<string, string> passed = [];
        for (int index = 0; index < arguments.Count; index++)
        {
            passed[function.Parameters[index]] = $"%{arguments[index]}";
        }

        passed[function.Result] = $"%{result}";
        ParseBody(function.FirstLine, new Scope(name, suffix, caller, passed, [], CallSuffix: null));
        Labels[EndLabel + suffix] = Statements.Count;
    }

    /// <summary>The statement as it reads where its function was put in.</summary>
    private PtxStatement Place(PtxStatement statement, Scope scope)
    {
        string opcode = statement.Opcode;
        string[] operands = statement.Operands;
        if (statement.Name is "ld" or "st" && statement.Has("param") && PassedRegister(statement, scope) is { } register)
        {
            Registers[register] = Math.Max(16, int.Parse(statement.Type.AsSpan(1), CultureInfo.InvariantCulture));
            opcode = $"mov.{statement.Type}";
            operands = statement.Name == "ld" ? [Rename(operands[0], scope), register] : [register, Rename(operands[1], scope)];
        }
        else if (scope.Caller is null)
        {
            return statement;
        }
        else if (statement.Name == "ret")
        {
            (opcode, operands) = ("bra", [EndLabel + scope.Suffix]);
        }
        else
        {
            operands = Array.ConvertAll(operands, operand => Rename(operand, scope));
        }

        string? guard = statement.Guard is null ? null : Rename(statement.Guard, scope);
        return new PtxStatement(statement.Line, statement.Text, guard, statement.GuardNegated, opcode, operands);
    }

    /// <summary>The register that stands for a part of an argument or a result; null for a parameter of the kernel itself.</summary>
    private static string? PassedRegister(PtxStatement statement, Scope scope)
    {
        string[] place = statement.Operands[statement.Name == "ld" ? 1 : 0].Trim('[', ']').Split('+');
        string offset = place.Length > 1 ? place[1].Trim() : "0";
        return scope.Parameters.TryGetValue(place[0], out string? passed) ? $"{passed}${offset}{scope.Suffix}"
            : scope.CallSuffix is { } call ? $"%{place[0]}${offset}{call}"
            : null;
    }

    private static string Rename(string operand, Scope scope) => scope.Caller is null ? operand : NamePattern().Replace(operand, match =>
        match.Value[0] == '%' ? char.IsAsciiDigit(match.Value[^1]) ? match.Value + scope.Suffix : match.Value
        : match.Value.StartsWith("L_", StringComparison.Ordinal) || scope.Locals.Contains(match.Value) ? match.Value + scope.Suffix
        : match.Value);

    [GeneratedRegex(@"^(?:\.visible\s+)?\.func\s+(?:\((?<result>[^)]*)\)\s*)?(?<name>[\w$]+)\s*\(")]
    private static partial Regex FunctionPattern();

    [GeneratedRegex(@"^call(?:\.uni)?\s+(?:\((?<result>\w+)\),\s*)?(?<name>[\w$]+),\s*\($")]
    private static partial Regex CallPattern();

    [GeneratedRegex(@"(?<![\w$])%?[A-Za-z_$][\w$]*")]
    private static partial Regex NamePattern();

    /// <summary>A function with a body: its first line, the names of its result and parameters.</summary>
    private sealed record Function(int FirstLine, string Result, List<string> Parameters);

    /// <summary>The body that is being read: the kernel's own, without suffix and caller, or one that was put in.</summary>
    private sealed record Scope(
        string Function, string Suffix, Scope? Caller, Dictionary<string, string> Parameters, HashSet<string> Locals, string? CallSuffix);
}
