using System.IO.Enumeration;
using System.Text;

namespace TinyLM;

/// <summary>The files that a user names: one, those of a folder, or those that match a pattern such as <c>data/train-*.parquet</c>.</summary>
internal sealed class SourceFiles
{
    private readonly string _root;

    private SourceFiles(string root, IReadOnlyList<string> paths)
    {
        (_root, Paths) = (root, paths);
    }

    /// <summary>At least one, in ordinal order.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>What the file is called in messages about its documents.</summary>
    public string NameOf(string path) => Paths.Count == 1 && _root == path ? Path.GetFileName(path) : Path.GetRelativePath(_root, path);

    public static SourceFiles Of(string root, IReadOnlyList<string> paths) => new(root, paths);

    /// <summary>A file; a folder, of which those files are taken that match one of <paramref name="patterns"/>; or a pattern in place of a file's name.</summary>
    /// <exception cref="UserException">There is no such file or folder, or no file matches.</exception>
    public static SourceFiles Find(string path, params IReadOnlyList<string> patterns)
    {
        if (Directory.Exists(path))
        {
            return InFolder(path, patterns);
        }

        string name = Path.GetFileName(path), folder = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
        bool isPattern = name.AsSpan().ContainsAny('*', '?') && !File.Exists(path) && Directory.Exists(folder);
        return isPattern ? InFolder(folder, [name]) : new SourceFiles(path, [path]);
    }

    /// <summary>
    /// The files of a folder; of its subfolders too, but neither hidden ones nor links to folders, which may lead round in circles.
    /// </summary>
    public static SourceFiles InFolder(string path, IReadOnlyList<string> patterns)
    {
        if (!Directory.Exists(path))
        {
            throw new UserException(File.Exists(path)
                ? $"{path}: is a file, expected a folder of text files; a single file is opened as a text."
                : $"{path}: no such folder.");
        }

        try
        {
            var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false };
            var files = new FileSystemEnumerable<string>(path, (ref FileSystemEntry entry) => entry.ToFullPath(), options)
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && Matches(entry.FileName, patterns),
                ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
            };
            string[] sorted = [.. files];
            Array.Sort(sorted, StringComparer.Ordinal);
            return sorted.Length > 0
                ? new SourceFiles(Path.GetFullPath(path), sorted)
                : throw new UserException($"{path}: no file matches '{string.Join("' or '", patterns)}'; expected at least one.");
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    /// <summary>The SHA-256, in hex, of all names, sizes and times of the last change.</summary>
    public string Fingerprint()
    {
        var text = new StringBuilder();
        foreach (string path in Paths)
        {
            FileInfo file = Info(path);
            text.Append(path).Append('\0').Append(file.Length).Append('\0').Append(file.LastWriteTimeUtc.Ticks).Append('\0');
        }

        return DocumentSource.Hash(text.ToString());
    }

    public static long SizeOf(string path) => Info(path).Length;

    private static FileInfo Info(string path)
    {
        if (Directory.Exists(path))
        {
            throw new UserException($"{path}: is a folder, expected a text file; a folder of files is opened as a folder.");
        }

        try
        {
            // Of a link, what it leads to counts.
            var file = new FileInfo(path);
            file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            return file.Exists ? file : throw new FileNotFoundException();
        }
        catch (Exception fault) when (FileFault.Is(fault) || fault is ArgumentException)
        {
            throw FileFault.Reading(path, fault);
        }
    }

    private static bool Matches(ReadOnlySpan<char> name, IReadOnlyList<string> patterns)
    {
        foreach (string pattern in patterns)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, name))
            {
                return true;
            }
        }

        return false;
    }
}
