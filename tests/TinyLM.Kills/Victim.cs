using System.Diagnostics;
using System.Globalization;

namespace TinyLM.Kills;

/// <summary>The run that is killed: a process of this program, which trains a tiny model and saves after every step.</summary>
internal static class Victim
{
    public const int Steps = 40;
    private const int NameCount = 400;

    /// <summary>A run that is begun anew, or resumed where the folder holds one.</summary>
    public static PretrainOptions Options(string folder, int keep) => new()
    {
        Corpus = "lines",
        Text = Text(folder),
        Tokenizer = "characters",
        Preset = "names",
        Set = ["model.layerCount=2", "model.width=32", "model.hiddenWidth=64", "training.tokensPerStep=128"],
        Steps = Steps,
        Seed = 7,
        Device = "cpu",
        Threads = 1,
        SaveSeconds = 0,
        ValidateEvery = 5,
        Keep = keep,
        Out = folder,
        Resume = File.Exists(Path.Combine(folder, "run.json")),
    };

    /// <summary>Writes the corpus that all runs beside this one share.</summary>
    public static void WriteText(string folder) =>
        File.WriteAllLines(Text(folder), Enumerable.Range(0, NameCount).Select(i => (i * 7919L % 100_003).ToString("x", CultureInfo.InvariantCulture)));

    /// <summary>Starts it.</summary>
    public static Process Start(string folder, int keep = CheckpointFolder.DefaultKeepCount) => Process.Start(
        new ProcessStartInfo(Environment.ProcessPath!, [.. Entry(), "--victim", folder, "--keep", $"{keep}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>Where the program runs as <c>dotnet Program.dll</c>, its file is the first argument.</summary>
    private static string[] Entry() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(Victim).Assembly.Location] : [];

    private static string Text(string folder) => Path.Combine(Path.GetDirectoryName(folder)!, "names.txt");
}
