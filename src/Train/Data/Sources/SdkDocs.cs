using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Xml;

namespace TinyLM;

/// <summary>
/// The reference documentation that comes with every .NET SDK (<c>packs/*.Ref/**/*.xml</c>): text for training that is on every .NET
/// developer's machine. Each documented member's name and text is one document.
/// </summary>
public static class SdkDocs
{
    /// <summary>What the corpus is called.</summary>
    public const string Name = "sdk-docs";

    // Of 72 MB of XML, 24 MB of text remain when tags and duplicates are gone. Half as much again as is asked for makes up for chance.
    private const double XmlBytesOfTextByte = 4.5;

    /// <summary>The documentation of the SDK in <paramref name="sdkRoot"/>, or of the installed one.</summary>
    /// <param name="sdkRoot">The folder that has <c>packs</c> in it; null for <see cref="FindSdkRoot"/>.</param>
    /// <param name="maxBytes">
    /// For a quick start: at most about so many bytes of text. Which members these are depends on the documentation alone, and the
    /// others are not even parsed.
    /// </param>
    /// <exception cref="UserException">There is no SDK, or its documentation is damaged.</exception>
    public static Corpus Load(string? sdkRoot = null, long maxBytes = long.MaxValue)
    {
        string root = sdkRoot ?? FindSdkRoot();
        return Corpus.Create(new SdkDocsSource(root, RequireFiles(root), maxBytes)).Subset(maxBytes: maxBytes);
    }

    /// <summary>
    /// The folder of the SDK (the one that has <c>packs</c> in it): <c>DOTNET_ROOT</c>, where this runtime is, or where the
    /// <c>dotnet</c> on the path is.
    /// </summary>
    /// <exception cref="UserException">None of them has reference documentation.</exception>
    public static string FindSdkRoot()
    {
        string[] roots = [.. Candidates().OfType<string>().Where(root => root.Length > 0).Distinct()];
        return roots.FirstOrDefault(HasDocumentation) ?? throw new UserException(
            $"{Name}: no packs/*.Ref/**/*.xml in {string.Join(", ", roots)}; install the .NET SDK (a runtime alone has "
            + "no documentation) or set DOTNET_ROOT to it.");
    }

    /// <summary>All members, file by file in ordinal order of the paths. A file that equals an earlier one is skipped.</summary>
    /// <param name="sdkRoot">The folder that has <c>packs</c> in it.</param>
    /// <exception cref="UserException">There is no documentation there, or it is damaged.</exception>
    public static IEnumerable<Document> Read(string sdkRoot) => ReadFiles(RequireFiles(sdkRoot), share: 1);

    /// <summary>The members of which about <paramref name="maxBytes"/> of text are to be chosen, and some more.</summary>
    internal static Document[] ReadSome(IReadOnlyList<string> files, long maxBytes)
    {
        double share = maxBytes * XmlBytesOfTextByte / files.Sum(SourceFiles.SizeOf);
        Document[] documents = [.. ReadFiles(files, share)];
        while (share < 1 && documents.Sum(document => (long)document.Text.Length) < maxBytes)
        {
            share *= 4;
            documents = [.. ReadFiles(files, share)];
        }

        return documents;
    }

    private static IEnumerable<Document> ReadFiles(IReadOnlyList<string> files, double share)
    {
        // The reference pack of ASP.NET repeats that of .NET: half of the parsing is saved.
        var seen = new HashSet<string>();
        var buffer = new MemoryStream();
        foreach (string path in files)
        {
            ReadFile(path, buffer);
            ArraySegment<byte> content = share >= 1 ? new(buffer.GetBuffer(), 0, (int)buffer.Length) : SelectMembers(buffer, share);
            if (!seen.Add(Convert.ToHexString(SHA256.HashData(content))))
            {
                continue;
            }

            foreach (Document document in ReadMembers(path, content))
            {
                yield return document;
            }
        }
    }

    /// <summary>An XML document of only those members whose name's hash lies in the lowest <paramref name="share"/>.</summary>
    private static ArraySegment<byte> SelectMembers(MemoryStream xml, double share)
    {
        ReadOnlySpan<byte> rest = xml.GetBuffer().AsSpan(0, (int)xml.Length), close = "</member>"u8;
        var chosen = new MemoryStream();
        chosen.Write("<members>"u8);
        for (int start; (start = rest.IndexOf("<member "u8)) >= 0;)
        {
            rest = rest[start..];
            int tagEnd = rest.IndexOf((byte)'>'), end = tagEnd + 1;
            if (tagEnd > 0 && rest[tagEnd - 1] != '/')
            {
                int closing = rest.IndexOf(close);
                end = closing < 0 ? rest.Length : closing + close.Length;
            }

            if (IsWithin(rest[..Math.Max(tagEnd, 0)], share))
            {
                chosen.Write(rest[..end]);
            }

            rest = rest[Math.Max(end, 1)..];
        }

        chosen.Write("</members>"u8);
        return new ArraySegment<byte>(chosen.GetBuffer(), 0, (int)chosen.Length);
    }

    private static bool IsWithin(ReadOnlySpan<byte> name, double share)
    {
        // FNV-1a, with a last stir since its high bits are weak.
        ulong hash = 14695981039346656037;
        foreach (byte value in name)
        {
            hash = (hash ^ value) * 1099511628211;
        }

        hash = (hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15;
        return (hash >> 11) * (1.0 / (1UL << 53)) < share;
    }

    private static List<Document> ReadMembers(string path, ArraySegment<byte> content)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, IgnoreComments = true };
        var documents = new List<Document>();
        var renderer = new XmlDocRenderer();
        try
        {
            using var xml = XmlReader.Create(new MemoryStream(content.Array!, content.Offset, content.Count), settings);
            while (xml.ReadToFollowing("member"))
            {
                string? name = xml.GetAttribute("name");
                string text = name is null ? "" : renderer.Render(name, xml);
                if (text.Length > 0)
                {
                    documents.Add(new Document(name!, text));
                }
            }
        }
        catch (XmlException fault)
        {
            throw new UserException($"{path}: is not well-formed XML: {fault.Message}; repair or reinstall the .NET "
                + "SDK.", UserException.World, fault);
        }

        return documents;
    }

    /// <summary>Fills <paramref name="buffer"/>, which is used again and again, with a file.</summary>
    private static void ReadFile(string path, MemoryStream buffer)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            buffer.SetLength(0);
            file.CopyTo(buffer, 1 << 20);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
    }

    private static List<string> RequireFiles(string sdkRoot)
    {
        List<string> files = Files(sdkRoot);
        return files.Count > 0
            ? files
            : throw new UserException($"{Name}: {sdkRoot} has no packs/*.Ref/**/*.xml; expected the folder of a .NET SDK.");
    }

    private static bool HasDocumentation(string root) => Files(root).Count > 0;

    private static List<string> Files(string root)
    {
        string packs = Path.Combine(root, "packs");
        try
        {
            return Directory.Exists(packs)
                ? [.. Directory.GetDirectories(packs, "*.Ref")
                    .SelectMany(pack => Directory.GetFiles(pack, "*.xml", SearchOption.AllDirectories))
                    .Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(packs, fault);
        }
    }

    private static IEnumerable<string?> Candidates()
    {
        yield return Environment.GetEnvironmentVariable("DOTNET_ROOT");
        yield return Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

        string executable = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        foreach (string folder in path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            var file = new FileInfo(Path.Combine(folder, executable));
            if (file.Exists)
            {
                yield return Path.GetDirectoryName(file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName);
            }
        }
    }
}
