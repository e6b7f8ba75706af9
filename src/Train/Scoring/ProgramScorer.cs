using System.ComponentModel;
using System.Diagnostics;

namespace TinyLM;

/// <summary>
/// A scorer that is a program of anyone's: it reads documents from a file as <see cref="IdsFile"/> writes them and writes scores to another as <see cref="NatsFile"/>
/// reads them.
/// </summary>
public sealed class ProgramScorer : IScorer
{
    private const string IdsPlace = "{ids}", NatsPlace = "{nats}";
    private readonly string[] _command;

    /// <param name="command">Program and arguments, with <c>{ids}</c> and <c>{nats}</c> where the two files' names belong; what has spaces in it stands in double quotes.</param>
    /// <param name="scoreEnd">Whether it scores the end of each document.</param>
    /// <param name="timeLimit">After which a call is given up.</param>
    /// <exception cref="UserException">One of the two places is missing.</exception>
    public ProgramScorer(string command, bool scoreEnd, TimeSpan timeLimit)
    {
        ArgumentNullException.ThrowIfNull(command);
        (ScoreEnd, TimeLimit) = (scoreEnd, timeLimit);
        _command = [.. Split(command)];
        foreach (string place in new[] { IdsPlace, NatsPlace })
        {
            if (!_command.Skip(1).Any(part => part.Contains(place, StringComparison.Ordinal)))
            {
                throw new UserException($"--program '{command}': has no {place}; expected a program and its arguments, such as 'my-scorer --ids {IdsPlace} --nats {NatsPlace}'.");
            }
        }
    }

    public string Name => Path.GetFileName(_command[0]);

    public bool ScoreEnd { get; }

    public TimeSpan TimeLimit { get; }

    /// <inheritdoc/>
    /// <exception cref="UserException">The program cannot be started, takes too long or fails, or its answer is not one finite number a target.</exception>
    public float[] Score(TokenizedDocuments documents, IProgress<int>? progress = null)
    {
        string folder = Directory.CreateTempSubdirectory("tinylm-scorer-").FullName;
        try
        {
            string ids = Path.Combine(folder, "ids.jsonl"), nats = Path.Combine(folder, "nats.jsonl");
            IdsFile.Write(ids, documents);
            Run([.. _command.Skip(1).Select(part => part.Replace(IdsPlace, ids, StringComparison.Ordinal).Replace(NatsPlace, nats, StringComparison.Ordinal))]);
            if (!File.Exists(nats))
            {
                throw new UserException($"{Name}: ended without an error, but wrote no scores to {NatsPlace}.");
            }

            float[] scores = NatsFile.Read(nats, documents, ScoreEnd);
            progress?.Report(scores.Length);
            return scores;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void Run(string[] arguments)
    {
        using Process process = Start(arguments);

        // Both are read while it runs: a full pipe would stop it.
        Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeLimit))
        {
            process.Kill(entireProcessTree: true);
            throw new UserException(FormattableString.Invariant($"{Name}: has not ended after {TimeLimit.TotalSeconds:0.#} seconds; --time-limit allows more."));
        }

        if (process.ExitCode != 0)
        {
            string last = (errors.Result + output.Result).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "it says nothing";
            throw new UserException($"{Name}: failed with exit code {process.ExitCode}: {(last.Length > 300 ? last[..300] + "…" : last)}");
        }
    }

    private Process Start(string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(_command[0], arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
                ?? throw new UserException($"--program: '{_command[0]}' cannot be started.");
        }
        catch (Exception fault) when (fault is Win32Exception or InvalidOperationException)
        {
            throw new UserException($"--program: '{_command[0]}' cannot be started: {fault.Message}", UserException.Mistake, fault);
        }
    }

    /// <summary>At spaces outside of double quotes.</summary>
    private static IEnumerable<string> Split(string command)
    {
        string[] quoted = command.Split('"');
        string part = "";
        for (int i = 0; i < quoted.Length; i++)
        {
            if (i % 2 == 1)
            {
                part += quoted[i];
                continue;
            }

            string[] words = quoted[i].Split(' ');
            for (int word = 0; word < words.Length; word++)
            {
                if (word > 0 && part.Length > 0)
                {
                    yield return part;
                    part = "";
                }

                part += words[word];
            }
        }

        if (part.Length > 0)
        {
            yield return part;
        }
    }
}
