namespace TinyLM;

/// <summary>
/// Something that the user can mend: a wrong value, a file that is missing or damaged, a full disk. The message is one line that says
/// what and where, what was seen, what was expected, and the mend; a program prints it and exits with <see cref="ExitCode"/>.
/// </summary>
public class UserException : Exception
{
    /// <summary>Exit code of a user's mistake: a wrong value, a file that is not what it should be.</summary>
    public const int Mistake = 2;

    /// <summary>Exit code of the world's fault: a full disk, a folder that cannot be written.</summary>
    public const int World = 1;

    /// <param name="message">One line for the user; line breaks (from a file's name, say) are folded to spaces.</param>
    /// <param name="exitCode"><see cref="Mistake"/> or <see cref="World"/>.</param>
    /// <param name="inner">What caused it, if anything did.</param>
    public UserException(string message, int exitCode = Mistake, Exception? inner = null) : base(OneLine(message), inner)
    {
        ExitCode = exitCode;
    }

    /// <summary>The process's exit code: 2 for a user's mistake, 1 for the world's.</summary>
    public int ExitCode { get; }

    private static string OneLine(string message) =>
        message.AsSpan().IndexOfAny('\r', '\n') < 0 ? message : message.Replace("\r\n", " ").Replace('\r', ' ').Replace('\n', ' ');
}
