using System.IO.Enumeration;

namespace TinyLM;

public sealed partial class Corpus
{
    /// <summary>The source that <see cref="Open"/> takes for the documentation of the installed .NET SDK.</summary>
    public const string SdkDocsSource = "sdk-docs";

    private const string LinesPrefix = "lines:";

    /// <summary>
    /// The corpus that a user names: <c>sdk-docs</c>; <c>lines:FILE</c>, one document a line; a folder, one document a file;
    /// a file, one running text.
    /// </summary>
    /// <exception cref="UserException">There is no such file or folder, or it holds no text.</exception>
    public static Corpus Open(string source)
    {
        if (source == SdkDocsSource)
        {
            return SdkDocs.Load();
        }

        return source.StartsWith(LinesPrefix, StringComparison.Ordinal) ? FromLines(source[LinesPrefix.Length..])
            : Directory.Exists(source) ? FromFolder(source)
            : FromTextFile(source);
    }

    /// <summary>A UTF-8 text file as one running text: the last tenth of its characters is held out.</summary>
    /// <exception cref="UserException">The file is missing, a folder, unreadable, empty, binary or not UTF-8.</exception>
    public static Corpus FromTextFile(string path) => FromText(Path.GetFileName(path), TextFile.Read(path));

    /// <summary>A UTF-8 text file of one document a line. Blank lines are skipped, about a tenth of the lines is held out.</summary>
    /// <exception cref="UserException">As <see cref="FromTextFile"/>; or a line has more than <see cref="TextFile.LongestLine"/>
    /// bytes.</exception>
    public static Corpus FromLines(string path) => FromDocuments(Path.GetFileName(path), TextFile.ReadLines(path));

    /// <summary>
    /// A folder of UTF-8 text files, each a document, in ordinal order of their paths; subfolders too, but neither hidden ones
    /// nor links to folders. Empty files are skipped.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="pattern">Which files, such as <c>*.txt</c>.</param>
    /// <exception cref="UserException">The folder is missing, a file or unreadable; no file matches; or a file is no text.</exception>
    public static Corpus FromFolder(string path, string pattern = "*")
    {
        if (!Directory.Exists(path))
        {
            throw new UserException(File.Exists(path)
                ? $"{path}: is a file, expected a folder of text files; a single file is opened as a text."
                : $"{path}: no such folder.");
        }

        string[] files = ListFiles(path, pattern);
        if (files.Length == 0)
        {
            throw new UserException($"{path}: no file matches '{pattern}'; expected at least one text file.");
        }

        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return FromDocuments(
            name, files.Select(file => new Document(Path.GetRelativePath(path, file), TextFile.Read(file, mayBeEmpty: true))));
    }

    private static string[] ListFiles(string path, string pattern)
    {
        try
        {
            // Links to folders are not followed: they may lead round in circles.
            var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false };
            var files = new FileSystemEnumerable<string>(path, (ref FileSystemEntry entry) => entry.ToFullPath(), options)
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                    !entry.IsDirectory && FileSystemName.MatchesSimpleExpression(pattern, entry.FileName),
                ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
            };
            string[] sorted = [.. files];
            Array.Sort(sorted, StringComparer.Ordinal);
            return sorted;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, fault);
        }
    }
}
