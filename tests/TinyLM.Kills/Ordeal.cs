using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace TinyLM.Kills;

/// <summary>Runs one victim undisturbed, then others, which are killed and resumed until they come to their end.</summary>
internal sealed class Ordeal(int seed) : IDisposable
{
    private const int KillsPerTermination = 10;
    private const string TrainingBegins = "memory:";
    private static readonly string TrainingEnds = $"step {Victim.Steps}/{Victim.Steps},";

    /// <summary>In parts of a whole training: a process is slow at first, and kills also come after the last step, while the run is scored and written down.</summary>
    private const double Aftermath = 0.5;
    private static readonly string[] ComparedFiles = ["model.safetensors", "optimizer.safetensors"];

    private readonly string _folder = Directory.CreateTempSubdirectory("tinylm-kills-").FullName;
    private readonly Random _random = new(seed);
    private readonly Tally _tally = new();
    private readonly Dictionary<long, string> _hashes = [];
    private string _weights = "";
    private TimeSpan _span;

    /// <summary>Kills so many times.</summary>
    /// <returns>Whether every checkpoint and every end was that of the undisturbed run.</returns>
    public bool Run(int kills, CancellationToken stop)
    {
        Victim.WriteText(PathOf("undisturbed"));
        LeaveUndisturbed();
        Console.WriteLine(FormattableString.Invariant(
            $"undisturbed: {Victim.Steps} steps with a checkpoint after each in {_span.TotalSeconds:F1} s, weights {_weights[..12]}…"));
        for (int run = 1; _tally.Kills < kills && !stop.IsCancellationRequested; run++)
        {
            Disturb(PathOf($"run-{run}"), kills, stop);
        }

        Show();
        return _tally.Failures.Count == 0 && _tally.Kills >= kills;
    }

    public void Dispose()
    {
        if (_tally.Failures.Count == 0)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private string PathOf(string run) => Path.Combine(_folder, run);

    private void LeaveUndisturbed()
    {
        string folder = PathOf("undisturbed");
        using Process victim = Victim.Start(folder, keep: 2 * Victim.Steps);
        Await(victim, TrainingBegins);
        long start = Stopwatch.GetTimestamp();
        Await(victim, TrainingEnds);
        _span = Stopwatch.GetElapsedTime(start);
        End(victim);
        _weights = WeightsOf(folder) ?? throw new UserException($"the undisturbed run failed: {victim.StandardError.ReadToEnd()}", UserException.World);
        foreach (Checkpoint checkpoint in new CheckpointFolder(Path.Combine(folder, "checkpoints"), keepCount: 2 * Victim.Steps).List())
        {
            _hashes[checkpoint.Step] = HashOf(checkpoint);
        }
    }

    /// <summary>Kills a run and resumes it, again and again, until it comes to its end.</summary>
    private void Disturb(string folder, int kills, CancellationToken stop)
    {
        long step = 0;
        while (!stop.IsCancellationRequested)
        {
            // One that has trained to its end is left in peace: else most kills would come while it is scored.
            bool mayDisturb = _tally.Kills < kills && step < Victim.Steps;
            using Process victim = Victim.Start(folder);
            bool isTermination = mayDisturb && OperatingSystem.IsLinux() && _random.Next(KillsPerTermination) == 0;
            TimeSpan delay = _random.NextDouble() * ((double)(Victim.Steps - step) / Victim.Steps + Aftermath) * _span;
            if (!Await(victim, TrainingBegins) || !mayDisturb || victim.WaitForExit(delay))
            {
                End(victim);
                CheckEnd(folder, victim);
                return;
            }

            if (isTermination)
            {
                Terminate(victim);
            }
            else
            {
                victim.Kill();
                _tally.Kills++;
            }

            End(victim);
            if (isTermination && victim.ExitCode != 0)
            {
                _tally.Failures.Add($"{folder}: after SIGTERM exit code {victim.ExitCode}, expected 0: {victim.StandardError.ReadToEnd()}");
            }

            step = CheckFolder(folder, isTermination);
            if (!Console.IsOutputRedirected)
            {
                Console.Write($"\r{_tally.Kills} kills, {_tally.Finished} runs finished, {_tally.Failures.Count} failures ");
            }
        }
    }

    /// <summary>What a kill leaves: the newest whole checkpoint, if there is one yet, is that of the undisturbed run at that step.</summary>
    /// <returns>Its step; 0 where there is none.</returns>
    private long CheckFolder(string folder, bool isTermination)
    {
        string path = Path.Combine(folder, "checkpoints");
        Checkpoint? newest = new CheckpointFolder(path).FindNewestWhole(line => _tally.Failures.Add($"{folder}: {line}"));
        if (isTermination)
        {
            _tally.Terminations++;
        }
        else if (Directory.Exists(path) && Directory.GetDirectories(path).Any(sub => !File.Exists(Path.Combine(sub, "manifest.json"))))
        {
            _tally.InCheckpoint++;
        }

        if (newest is not null)
        {
            string hash = HashOf(newest);
            if (newest.Step == 0)
            {
                // Terminated before the first step: the undisturbed run has saved none, so they are compared with one another.
                _hashes.TryAdd(0, hash);
            }

            if (hash != _hashes[newest.Step])
            {
                _tally.Failures.Add($"{newest.FolderPath}: weights or moments are not those of the undisturbed run");
            }
        }

        if (newest is null && isTermination)
        {
            _tally.Failures.Add($"{folder}: no checkpoint after SIGTERM");
        }

        if (!isTermination)
        {
            _tally.BeforeFirst += newest is null ? 1 : 0;
            _tally.AfterLast += newest?.Step == Victim.Steps ? 1 : 0;
        }

        return newest?.Step ?? 0;
    }

    private void CheckEnd(string folder, Process victim)
    {
        _tally.Finished++;
        if (victim.ExitCode != 0 || WeightsOf(folder) != _weights)
        {
            _tally.Failures.Add($"{folder}: ended with exit code {victim.ExitCode} and weights {WeightsOf(folder)}, expected {_weights}: {victim.StandardError.ReadToEnd()}");
        }
        else
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void Show()
    {
        var table = new Table().Border(TableBorder.Simple).HideHeaders().AddColumns("what", "how many");
        table.Columns[1].RightAligned();
        foreach (var (what, count) in new[]
        {
            ("kills (SIGKILL)", _tally.Kills), ("… with half a checkpoint left", _tally.InCheckpoint), ("… before the first checkpoint", _tally.BeforeFirst),
            ("… after the last step", _tally.AfterLast), ("terminations (SIGTERM)", _tally.Terminations), ("runs that came to their end", _tally.Finished),
            ("failures", _tally.Failures.Count),
        })
        {
            table.AddRow(what, count.ToString(CultureInfo.InvariantCulture));
        }

        Console.WriteLine();
        AnsiConsole.Write(table);
        _tally.Failures.ForEach(Console.WriteLine);
        Console.WriteLine(_tally.Failures.Count == 0 ? $"every run ended with the weights of the undisturbed one, {_weights}" : $"the failed runs are in {_folder}");
    }

    /// <summary>Reads its lines until one begins so; false if it ends before.</summary>
    private static bool Await(Process victim, string begin)
    {
        while (victim.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith(begin, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static void Terminate(Process victim)
    {
        using Process kill = Process.Start("kill", ["-TERM", victim.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static void End(Process victim)
    {
        victim.StandardOutput.ReadToEnd();
        victim.WaitForExit();
    }

    private static string HashOf(Checkpoint checkpoint) => string.Join(' ', ComparedFiles.Select(name => checkpoint.Read(
        name, stream => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(stream)))));

    /// <summary>Null without results.</summary>
    private static string? WeightsOf(string folder)
    {
        string path = Path.Combine(folder, "results.json");
        if (!File.Exists(path))
        {
            return null;
        }

        using JsonDocument results = JsonDocument.Parse(File.ReadAllText(path));
        return results.RootElement.GetProperty("weightsSha256").GetString();
    }
}
