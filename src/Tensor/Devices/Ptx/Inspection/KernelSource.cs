using System.Text.RegularExpressions;

namespace TinyLM;

/// <summary>The C# of a kernel method, with its comment.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">Where the text begins in it, from 1.</param>
/// <param name="Text">Comment, attributes and method, as they stand there.</param>
public sealed record KernelSource(string Path, int Line, string Text)
{
    private static readonly string[] Folders = ["src", "samples", "tests"];

    /// <summary>
    /// Searches for a kernel's method in the folders src, samples and tests, and in a project's own folder, upwards from
    /// <paramref name="folder"/>. Null where it is not found.
    /// </summary>
    public static KernelSource? Find(GpuKernel kernel, string folder)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        for (DirectoryInfo? place = new(folder); place is not null; place = place.Parent)
        {
            bool isProject = place.EnumerateFiles("*.csproj").Any();
            IEnumerable<DirectoryInfo> roots = isProject ? [place] : Folders.Select(name => new DirectoryInfo(System.IO.Path.Combine(place.FullName, name)));
            foreach (FileInfo file in roots.Where(root => root.Exists).SelectMany(Sources))
            {
                if (FindIn(kernel, file.FullName) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    private static IEnumerable<FileInfo> Sources(DirectoryInfo root) =>
        root.EnumerateFiles("*.cs", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
            .Where(file => !file.FullName.Contains($"{System.IO.Path.DirectorySeparatorChar}obj{System.IO.Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .OrderBy(file => file.FullName, StringComparer.Ordinal);

    private static KernelSource? FindIn(GpuKernel kernel, string path)
    {
        string text = File.ReadAllText(path);
        int start = 0;
        foreach (string type in EnclosingTypes(kernel.Method.DeclaringType!))
        {
            Match declaration = Regex.Match(text[start..], $@"\b(?:class|struct)\s+{Regex.Escape(type)}\b");
            if (!declaration.Success)
            {
                return null;
            }

            start += declaration.Index;
        }

        Match method = Regex.Match(text[start..], $@"(?m)^[^\n/]*\bvoid\s+{Regex.Escape(kernel.Method.Name)}\s*(?:<[^>]*>)?\s*\(");
        if (!method.Success)
        {
            return null;
        }

        int end = EndOfMethod(text, start + method.Index + method.Length);
        int begin = BeginOfComment(text, start + method.Index);
        return new KernelSource(path, text.AsSpan(0, begin).Count('\n') + 1, text[begin..end]);
    }

    private static IEnumerable<string> EnclosingTypes(Type type) =>
        (type.DeclaringType is { } outer ? EnclosingTypes(outer) : []).Append(type.Name.Split('`')[0]);

    /// <summary>The lines of comment and attributes directly above a line belong to it.</summary>
    private static int BeginOfComment(string text, int lineStart)
    {
        while (lineStart > 0)
        {
            int previous = text.LastIndexOf('\n', Math.Max(lineStart - 2, 0)) + 1;
            if (previous >= lineStart || text.AsSpan(previous, lineStart - previous).TrimStart() is not ['/' or '[', ..])
            {
                break;
            }

            lineStart = previous;
        }

        return lineStart;
    }

    /// <summary>Behind the closing brace, or the semicolon of an expression body; braces in comments and literals do not count.</summary>
    private static int EndOfMethod(string text, int position)
    {
        int depth = 0;
        bool isBlock = false;
        foreach (Match token in Regex.Matches(text[position..], """//[^\n]*|/\*[\s\S]*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'|[{};]"""))
        {
            depth += token.Value switch { "{" => 1, "}" => -1, _ => 0 };
            isBlock |= token.Value == "{";
            if (isBlock ? depth == 0 : token.Value == ";")
            {
                return position + token.Index + token.Length;
            }
        }

        return text.Length;
    }
}
