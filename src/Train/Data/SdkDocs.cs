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
    /// <summary>The documentation of the SDK in <paramref name="sdkRoot"/>, or of the installed one.</summary>
    /// <exception cref="UserException">There is no SDK, or its documentation is damaged.</exception>
    public static Corpus Load(string? sdkRoot = null) =>
        Corpus.FromDocuments(Corpus.SdkDocsSource, Read(sdkRoot ?? FindSdkRoot()), Corpus.DefaultValidationFraction);

    /// <summary>
    /// The folder of the SDK (the one that has <c>packs</c> in it): <c>DOTNET_ROOT</c>, where this runtime is, or where the
    /// <c>dotnet</c> on the path is.
    /// </summary>
    /// <exception cref="UserException">None of them has reference documentation.</exception>
    public static string FindSdkRoot()
    {
        string[] roots = [.. Candidates().OfType<string>().Where(root => root.Length > 0).Distinct()];
        return roots.FirstOrDefault(HasDocumentation) ?? throw new UserException(
            $"{Corpus.SdkDocsSource}: no packs/*.Ref/**/*.xml in {string.Join(", ", roots)}; install the .NET SDK (a runtime alone has no documentation) or set DOTNET_ROOT to it.");
    }

    /// <summary>All members, file by file in ordinal order of the paths. A file that equals an earlier one is skipped.</summary>
    /// <param name="sdkRoot">The folder that has <c>packs</c> in it.</param>
    /// <exception cref="UserException">There is no documentation there, or it is damaged.</exception>
    public static IEnumerable<Document> Read(string sdkRoot)
    {
        List<string> files = Files(sdkRoot);
        if (files.Count == 0)
        {
            throw new UserException($"{Corpus.SdkDocsSource}: {sdkRoot} has no packs/*.Ref/**/*.xml; expected the folder of a .NET SDK.");
        }

        return ReadFiles(files);
    }

    private static IEnumerable<Document> ReadFiles(List<string> files)
    {
        // The reference pack of ASP.NET repeats that of .NET: half of the parsing is saved.
        var seen = new HashSet<string>();
        foreach (string path in files)
        {
            byte[] content = ReadFile(path);
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

    private static List<Document> ReadMembers(string path, byte[] content)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, IgnoreComments = true, IgnoreProcessingInstructions = true };
        var documents = new List<Document>();
        var renderer = new XmlDocRenderer();
        try
        {
            using var xml = XmlReader.Create(new MemoryStream(content), settings);
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
            throw new UserException($"{path}: is not well-formed XML: {fault.Message}; repair or reinstall the .NET SDK.", UserException.World, fault);
        }

        return documents;
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Reading(path, fault);
        }
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
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            var file = new FileInfo(Path.Combine(folder, executable));
            if (file.Exists)
            {
                yield return Path.GetDirectoryName(file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName);
            }
        }
    }
}
