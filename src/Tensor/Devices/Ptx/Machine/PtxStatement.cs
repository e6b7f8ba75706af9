namespace TinyLM;

/// <summary>One PTX instruction as text, cut into its parts.</summary>
/// <param name="Line">Its line in the PTX, from 1.</param>
/// <param name="Text">The whole line, trimmed.</param>
/// <param name="Guard">The predicate register of "@%p1"; null without one.</param>
/// <param name="GuardNegated">True for "@!%p1".</param>
/// <param name="Opcode">"ld.global.v4.f32".</param>
/// <param name="Operands">"{%f1, %f2}" and "[%rd1+8]" are one operand each.</param>
internal sealed record PtxStatement(int Line, string Text, string? Guard, bool GuardNegated, string Opcode, string[] Operands)
{
    private readonly string[] _parts = Opcode.Split('.');

    /// <summary>"ld".</summary>
    public string Name => _parts[0];

    /// <summary>The last part, "f32"; for conversions the source type.</summary>
    public string Type => _parts[^1];

    /// <summary>What stands between <see cref="Name"/> and <see cref="Type"/>: "global", "v4".</summary>
    public ReadOnlySpan<string> Modifiers => _parts.Length <= 2 ? [] : _parts.AsSpan(1, _parts.Length - 2);

    public bool Has(string part) => Array.IndexOf(_parts, part, 1) > 0;

    public static string[] SplitList(string operand) =>
        operand.Trim('{', '}').Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
