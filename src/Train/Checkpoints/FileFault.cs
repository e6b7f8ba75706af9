namespace TinyLM;

/// <summary>Turns what the operating system says about a file into one line for the user.</summary>
internal static class FileFault
{
    private const int NoSpaceOnUnix = 28;
    private const int NoSpaceOnWindows = unchecked((int)0x80070070);

    public static bool Is(Exception fault) => fault is IOException or UnauthorizedAccessException;

    public static UserException Reading(string path, Exception fault) => fault switch
    {
        FileNotFoundException or DirectoryNotFoundException => new UserException($"{path}: no such file.", UserException.Mistake, fault),
        UnauthorizedAccessException => new UserException($"{path}: may not be read; check its permissions.", UserException.World, fault),
        ArgumentException or NotSupportedException => new UserException($"'{path}' is not a file's name.", UserException.Mistake, fault),
        _ => new UserException($"{path}: cannot be read: {fault.Message}", UserException.World, fault),
    };

    public static UserException Writing(string path, Exception fault) => fault switch
    {
        IOException { HResult: NoSpaceOnUnix or NoSpaceOnWindows } =>
            new UserException($"{path}: cannot be written: the disk is full; free some space, earlier files are "
                + "untouched.", UserException.World, fault),
        UnauthorizedAccessException =>
            new UserException($"{path}: cannot be written: no permission, or a folder has that name; choose another "
                + "place.", UserException.World, fault),
        DirectoryNotFoundException or FileNotFoundException =>
            new UserException($"{path}: cannot be written: its folder does not exist.", UserException.World, fault),
        _ => new UserException($"{path}: cannot be written: {fault.Message}", UserException.World, fault),
    };
}
