using NUnit.Framework;

namespace CustomOp.Tests;

/// <summary>The code on docs/adding-an-op.md is code of this sample and of its tests: it compiles, and it is run.</summary>
public class AddingAnOpPageTests
{
    private static readonly string Root = FindRoot();

    public static IEnumerable<string> CodeBlocks()
    {
        string[] parts = File.ReadAllText(Path.Combine(Root, "docs", "adding-an-op.md")).ReplaceLineEndings("\n").Split("```");
        for (int i = 1; i < parts.Length; i += 2)
        {
            if (parts[i].StartsWith("csharp\n", StringComparison.Ordinal))
            {
                yield return parts[i]["csharp\n".Length..];
            }
        }
    }

    [Test]
    public void The_page_has_code() => Assert.That(CodeBlocks().Count(), Is.GreaterThanOrEqualTo(5));

    [TestCaseSource(nameof(CodeBlocks))]
    public void Each_block_stands_in_a_file_that_is_compiled(string block)
    {
        IEnumerable<string> files = Directory.EnumerateFiles(Path.Combine(Root, "samples", "CustomOp"), "*.cs")
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "samples", "CustomOp.Tests"), "*.cs"));
        Assert.That(files.Select(file => Flat(File.ReadAllText(file))), Has.Some.Contains(Flat(block)), block);
    }

    /// <summary>Lines without their indentation: a method stands further left on the page.</summary>
    private static string Flat(string code) => string.Join('\n', code.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim())).Trim();

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TinyLM.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests run outside of the repository.");
    }
}
