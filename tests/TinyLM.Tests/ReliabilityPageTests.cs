using System.Reflection;
using System.Text.RegularExpressions;

namespace TinyLM.Tests;

/// <summary>docs/reliability.md names the tests that hold each promise: they exist, and run.</summary>
public partial class ReliabilityPageTests
{
    private static readonly string Root = FindRoot();

    public static IEnumerable<string> Rows() => File.ReadAllLines(Path.Combine(Root, "docs", "reliability.md"))
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| promise", StringComparison.Ordinal) && !line.StartsWith("| hazard", StringComparison.Ordinal));

    [Test]
    public void The_page_has_its_rows() => Assert.That(Rows().Count(), Is.GreaterThanOrEqualTo(30));

    [TestCaseSource(nameof(Rows))]
    public void Each_row_names_tests_that_exist(string row)
    {
        string held = row.Split('|')[2];
        string[] names = [.. TestName().Matches(held).Select(match => match.Value)];
        string[] programs = [.. ProgramName().Matches(held).Select(match => match.Value)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(names.Length + programs.Length, Is.GreaterThan(0), row);
            Assert.That(names.Where(name => !IsTest(name)), Is.Empty);
            Assert.That(programs.Where(program => !Directory.Exists(Path.Combine(Root, program))), Is.Empty);
        }
    }

    [TestCase("ReliabilityPageTests.The_page_has_its_rows", true)]
    [TestCase("ReliabilityPageTests.FindRoot", false)]
    [TestCase("ReliabilityPageTests.There_is_no_such_test", false)]
    public void A_name_that_is_none_is_noticed(string name, bool expected) => Assert.That(IsTest(name), Is.EqualTo(expected));

    private static bool IsTest(string name)
    {
        string[] parts = name.Split('.');
        return Assembly.GetExecutingAssembly().GetTypes().Where(type => type.Name == parts[0]).SelectMany(type => type.GetMethods())
            .Any(method => method.Name == parts[1]
                && method.GetCustomAttributes().Any(attribute => attribute is TestAttribute or TestCaseAttribute or TestCaseSourceAttribute)
                && !method.IsDefined(typeof(IgnoreAttribute)) && !method.IsDefined(typeof(ExplicitAttribute)));
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TinyLM.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests run outside of the repository.");
    }

    [GeneratedRegex(@"(?<=`)[A-Z]\w+(Tests|Properties)\.\w+(?=`)")]
    private static partial Regex TestName();

    [GeneratedRegex(@"(?<=`)tests/[\w.]+(?=`)")]
    private static partial Regex ProgramName();
}
