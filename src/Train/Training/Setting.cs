namespace TinyLM;

/// <summary>A field of a <see cref="RunConfig"/> and the value that it is to take.</summary>
/// <param name="Option">How the user gave it, for messages: <c>--steps</c>.</param>
/// <param name="Path">The field: <c>training.steps</c>.</param>
/// <param name="Value">As text.</param>
public sealed record Setting(string Option, string Path, string Value)
{
    /// <summary>The option that takes any field.</summary>
    public const string SetOption = "--set";

    /// <summary>Reads <c>path=value</c>.</summary>
    /// <exception cref="UserException">It has no path, or no <c>=</c>.</exception>
    public static Setting Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? new Setting($"{SetOption} {text[..equals]}", text[..equals].Trim(), text[(equals + 1)..])
            : throw new UserException($"{SetOption} {text}: expected path=value, such as training.steps=500; --show-config lists all fields.");
    }
}
