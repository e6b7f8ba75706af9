// Plants deliberate bugs in a copy of the library, one at a time, and tells which test catches each. One build serves all: a planted
// expression asks the environment whether it is its turn.
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Spectre.Console;
using TinyLM.Mutations;

const string Variable = "TINYLM_MUTATION";
string root = Run("git", ["rev-parse", "--show-toplevel"], ".").Output.Trim();
string copy = Directory.CreateTempSubdirectory("tinylm-mutations-").FullName;
int only = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 0;
try
{
    foreach (string file in Run("git", ["ls-files"], root).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
    {
        string target = Path.Combine(copy, file);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(Path.Combine(root, file), target);
    }

    Plant();
    Console.Error.WriteLine($"building a copy with {Mutations.All.Count} bugs in {copy} …");
    (int buildCode, string buildOutput) = Run("dotnet", ["build", "-c", "Release", "tests/TinyLM.Tests", "-p:RunAnalyzers=false", "-v", "q", "-nologo"], copy);
    if (buildCode != 0)
    {
        Console.Error.WriteLine($"error: the copy does not build:\n{buildOutput}");
        return 1;
    }

    var table = new Table().Border(TableBorder.Simple).AddColumns("", "file", "it was", "it became", "failed", "caught by");
    int escaped = 0;
    for (int number = 1; number <= Mutations.All.Count; number++)
    {
        if (only > 0 && number != only)
        {
            continue;
        }

        Mutation mutation = Mutations.All[number - 1];
        string[] failed = FailedTests(number, mutation.Tests);
        escaped += failed.Length == 0 ? 1 : 0;
        string caught = failed.Length == 0 ? "NONE" : failed[0];
        table.AddRow($"{number}", Markup.Escape(mutation.File), Markup.Escape(mutation.Original), Markup.Escape(mutation.Mutated), $"{failed.Length}", Markup.Escape(caught));
        Console.Error.WriteLine($"{number,2} {mutation.File}: {failed.Length} failed, {caught}");
    }

    Console.Out.WriteLine();
    AnsiConsole.Profile.Width = 240;
    AnsiConsole.Write(table);
    Console.Out.WriteLine(escaped == 0 ? "every bug was caught" : $"bugs that no test caught: {escaped}");
    return escaped == 0 ? 0 : 1;
}
finally
{
    Directory.Delete(copy, recursive: true);
}

void Plant()
{
    File.WriteAllText(Path.Combine(copy, "src/Tensor/PlantedBug.cs"), $$"""
        namespace TinyLM;

        internal static class PlantedBug
        {
            public static readonly int Number = int.Parse(System.Environment.GetEnvironmentVariable("{{Variable}}") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        }
        """);
    for (int i = 0; i < Mutations.All.Count; i++)
    {
        (string file, string original, string mutated, _) = Mutations.All[i];
        string path = Path.Combine(copy, "src/Tensor", file), text = File.ReadAllText(path);
        if (!text.Contains(original, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"bug {i + 1}: {file} has no '{original}' any more.");
        }

        // An assignment is a statement; all else is an expression.
        bool isStatement = Regex.IsMatch(original, @"^\w+ \+= ");
        string planted = isStatement
            ? $"if (PlantedBug.Number == {i + 1}) {{ {mutated}; }} else {{ {original}; }}"
            : $"(PlantedBug.Number == {i + 1} ? ({mutated}) : ({original}))";
        File.WriteAllText(path, isStatement ? text.Replace(original + ";", planted, StringComparison.Ordinal) : text.Replace(original, planted, StringComparison.Ordinal));
    }
}

string[] FailedTests(int number, string filter)
{
    (_, string output) = Run(
        Path.Combine(copy, "tests/TinyLM.Tests/bin/Release/net10.0/TinyLM.Tests"), ["--filter", filter, "--output", "Normal", "--progress", "off"], copy, number);
    return [.. output.Split('\n').Where(line => line.StartsWith("failed ", StringComparison.Ordinal)).Select(line => line["failed ".Length..].Trim())];
}

static (int ExitCode, string Output) Run(string program, string[] arguments, string folder, int mutation = 0)
{
    var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true };
    start.Environment[Variable] = mutation.ToString(CultureInfo.InvariantCulture);
    using Process process = Process.Start(start)!;
    string output = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return (process.ExitCode, output);
}
