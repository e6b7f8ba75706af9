using System.Diagnostics;
using System.Globalization;

namespace TinyLM;

/// <summary>
/// Tries to show that a scorer cheats, from outside: it is only asked for scores. The four conditions are those of parameter-golf's issue 1017; independence of
/// neighbours and untouched weights are ours. What passes may still be wrong in a way that no probe has met.
/// </summary>
public sealed class ScorerAudit
{
    /// <summary>How many more ids are tried where a target's score stays with another id.</summary>
    private const int OtherIds = 4;

    private readonly ScorerAuditOptions _options;
    private readonly AuditDocuments _documents;
    private readonly AuditScores _scores;

    /// <summary>What scores moved when a token was changed; null: nothing that must not.</summary>
    private string? _earlierMoved, _learntFirst, _neighbourMoved, _ownStayed;

    private ScorerAudit(IScorer scorer, ScorerAuditOptions options)
    {
        (_options, _documents, _scores) = (options, new AuditDocuments(options), new AuditScores(scorer, options));
    }

    /// <summary>Runs all probes.</summary>
    /// <param name="scorer">Anyone's.</param>
    /// <param name="options">What is known about it.</param>
    /// <param name="progress">Told what is tried; may be null.</param>
    /// <exception cref="UserException">An option makes no sense, or the scorer cannot be asked: its program fails, say.</exception>
    public static AuditReport Run(IScorer scorer, ScorerAuditOptions options, IProgress<string>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(scorer);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        long start = Stopwatch.GetTimestamp();
        var audit = new ScorerAudit(scorer, options);
        AuditFinding[] findings = audit.Run(progress ?? new Progress<string>());
        return new AuditReport(scorer.Name, findings, audit._scores.Calls, audit._scores.Targets, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private AuditFinding[] Run(IProgress<string> progress)
    {
        string? hash = _options.HashWeights?.Invoke();
        progress.Report("scoring documents of all lengths");
        _scores.Of(_documents.OfAllLengths);
        float[][]? before = _scores.Of(_documents.All);
        string? changedAgain = null, dependent = null;
        var (unnormalised, above, sums) = ((string?)null, (string?)null, (string?)null);
        if (before is not null)
        {
            progress.Report("scoring them again");
            changedAgain = _scores.Of(_documents.All) is { } again ? FirstDifference(before, again, 0) : null;
            progress.Report("changing tokens");
            ChangeTokens(before);
            progress.Report("scoring documents alone, reversed and twice");
            dependent = TryCompany(before);
            progress.Report("summing up probabilities");
            sums = SumUp(dependent is null && _neighbourMoved is null, out unnormalised, out above);
        }

        string? touched = hash is not null && _options.HashWeights!() is var now && now != hash ? $"their hash was {hash[..12]}…, and is {now[..12]}… now" : null;
        bool isWhole = before is not null;
        string documents = $"{_documents.All.Count} documents";
        return
        [
            Finding(1, "strictly causal", "a token changes: does an earlier score move by a bit?", _earlierMoved, isWhole, $"{_documents.Places.Count} changes in {documents}"),
            Finding(2, "normalised", "do the probabilities of all ids add up to 1?", unnormalised, isWhole && sums is not null, sums ?? TooManyCalls),
            Finding(3, "scored before learnt", "has a target a part in its own score, or in those before it in its chunk?", _learntFirst ?? above, isWhole && sums is not null, sums is null ? TooManyCalls : "last tokens changed, sums at most 1"),
            Finding(4, "each target once", "one number a target, that target's?", _scores.Fault ?? _ownStayed, isWhole, $"{_documents.OfAllLengths.Count} lengths"),
            Finding(4, "same again", "does a second pass know the first?", changedAgain, isWhole, $"{documents}, the same bits"),
            Finding(0, "neighbours' tokens", "a token changes: does a score of another document move by a bit?", _neighbourMoved, isWhole, $"{_documents.Places.Count} changes in {documents}"),
            Finding(0, "company", "a document alone, in company, in reversed order, twice: does its score move?", dependent, isWhole, string.Create(CultureInfo.InvariantCulture, $"{documents}, to {_options.Tolerance:0e-0}")),
            .. hash is null ? Array.Empty<AuditFinding>() : [Finding(0, "base weights", "are they what they were?", touched, isTried: true, $"hash {hash[..12]}…")],
        ];
    }

    private string TooManyCalls => string.Create(CultureInfo.InvariantCulture, $"documents depend on each other, so that a sum takes {_options.VocabularySize:N0} calls; at most {_options.MostCalls:N0} are allowed");

    private AuditFinding Finding(int condition, string probe, string question, string? broken, bool isTried, string detail) => new(
        condition, probe, question, broken is not null ? AuditVerdict.Failed : isTried ? AuditVerdict.Passed : AuditVerdict.Undecided,
        broken ?? (isTried || condition == 0 || _scores.Fault is null ? detail : "its answers are not whole, so nothing can be compared"));

    /// <summary>One token a call, nothing else: shapes stay, so that every bit may be compared.</summary>
    private void ChangeTokens(float[][] before)
    {
        foreach (var (document, token) in _documents.Places)
        {
            int[] ids = _documents.All[document];
            int id = _documents.Other(ids[token]);
            int[][] changed = [.. _documents.All];
            changed[document] = [.. ids[..token], id, .. ids[(token + 1)..]];
            if (_scores.Of(changed) is not { } after)
            {
                return;
            }

            string what = $"document {document + 1} of {changed.Length}, token {token + 1} of {ids.Length} changed from {ids[token]} to {id}: ";
            int target = token - 1;
            string? earlier = FirstDifference([before[document][..target]], [after[document][..target]], 0, document);
            string? ahead = FirstDifference(before[..document], after[..document], 0);
            string? behind = FirstDifference(before[(document + 1)..], after[(document + 1)..], 0, document + 1);
            _earlierMoved ??= earlier is not null || ahead is not null ? what + (earlier ?? ahead) : null;
            _learntFirst ??= earlier is not null && token == ids.Length - 1 ? what + earlier : null;
            _neighbourMoved ??= ahead is not null || behind is not null ? what + (ahead ?? behind) : null;
            _ownStayed ??= before[document][target] == after[document][target] && StaysForOthers(document, token, before[document][target])
                ? what + $"its own score stayed {Nats(before[document][target])}, and so it did with others" : null;
        }
    }

    /// <summary>Two ids may be equally likely; not several.</summary>
    private bool StaysForOthers(int document, int token, float nats)
    {
        int[] ids = _documents.All[document];
        for (int i = 0; i < OtherIds; i++)
        {
            int[][] changed = [.. _documents.All];
            changed[document] = [.. ids[..token], _documents.Other(ids[token]), .. ids[(token + 1)..]];
            if (_scores.Of(changed) is { } after && after[document][token - 1] != nats)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The same documents in other company: other shapes, so a tolerance.</summary>
    private string? TryCompany(float[][] before)
    {
        int[][] all = [.. _documents.All];
        int longest = Array.FindIndex(all, ids => ids.Length == all.Max(other => other.Length));
        foreach (int document in new[] { longest, all.Length / 2, all.Length - 1 }.Distinct())
        {
            if (_scores.Of([all[document]]) is { } alone && FirstDifference([before[document]], alone, _options.Tolerance, document) is { } moved)
            {
                return $"alone: {moved}";
            }
        }

        if (_scores.Of([.. all.Reverse()]) is { } reversed && FirstDifference(before, [.. reversed.Reverse()], _options.Tolerance) is { } turned)
        {
            return $"in reversed order: {turned}";
        }

        return _scores.Of([.. all, .. all]) is not { } twice ? null
            : FirstDifference(before, twice[..all.Length], _options.Tolerance) is { } first ? $"with a copy of all behind: {first}"
            : FirstDifference(before, twice[all.Length..], _options.Tolerance) is { } second ? $"as the second copy: {second}" : null;
    }

    /// <summary>
    /// At some places, a document for every id: probabilities add up to 1, whatever follows. Above 1, a target has raised its own probability.
    /// </summary>
    /// <returns>The sums; null where they would take too many calls.</returns>
    private string? SumUp(bool isIndependent, out string? unnormalised, out string? above)
    {
        (unnormalised, above) = (null, null);
        if (!isIndependent && _options.VocabularySize > _options.MostCalls)
        {
            return null;
        }

        int[] ids = [.. Enumerable.Range(0, _options.VocabularySize).Where(id => _options.ScoresContextId || id != _options.ContextId)];
        var sums = new List<string>();
        foreach (var (document, token) in _documents.Sums)
        {
            int[][] variants = [.. ids.Select(id => (int[])[.. document[..token], id, .. document[(token + 1)..]])];
            double sum = 0;
            foreach (float[][]? scores in isIndependent ? [_scores.Of(variants)] : variants.Select(variant => _scores.Of([variant])))
            {
                sum += scores?.Sum(values => Math.Exp(-(double)values[token - 1])) ?? double.NaN;
            }

            sums.Add(string.Create(CultureInfo.InvariantCulture, $"{sum:F6}"));
            string what = string.Create(CultureInfo.InvariantCulture, $"target {token} of a document of {document.Length} ids: the probabilities of {ids.Length:N0} ids add up to {sum:F6}, {sum - 1:+0.0e+0;-0.0e+0} from 1");
            above ??= sum > 1 + _options.SumTolerance ? what : null;
            unnormalised ??= sum > 1 + _options.SumTolerance || (sum < 1 - _options.SumTolerance && _options.ScoresContextId) ? what : null;
        }

        return $"sums {string.Join(", ", sums)}";
    }

    /// <param name="before">Scores of some documents.</param>
    /// <param name="after">Of the same.</param>
    /// <param name="tolerance">0: every bit counts.</param>
    /// <param name="firstDocument">The number of the first.</param>
    private static string? FirstDifference(float[][] before, float[][] after, double tolerance, int firstDocument = 0)
    {
        for (int document = 0; document < before.Length; document++)
        {
            for (int target = 0; target < before[document].Length; target++)
            {
                float a = before[document][target], b = after[document][target];
                if (tolerance == 0 ? !a.Equals(b) : Math.Abs((double)a - b) > tolerance * Math.Max(1, Math.Abs(a)))
                {
                    return string.Create(
                        CultureInfo.InvariantCulture, $"target {target + 1} of document {firstDocument + document + 1} moved from {Nats(a)} to {Nats(b)}, by {Math.Abs((double)a - b):0.0e+0} nats");
                }
            }
        }

        return null;
    }

    private static string Nats(float value) => value.ToString("0.000000", CultureInfo.InvariantCulture);
}
