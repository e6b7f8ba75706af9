namespace TinyLM;

/// <summary>What an audit must know about a scorer that it cannot see into.</summary>
public sealed record ScorerAuditOptions
{
    /// <summary>Of <see cref="Tolerance"/>.</summary>
    public const double DefaultTolerance = 1e-5;

    /// <summary>Ids are below it.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The id that each document begins with.</summary>
    public required int ContextId { get; init; }

    /// <summary>About how many tokens a target sees: some of the documents are longer, so that windows slide.</summary>
    public int Window { get; init; } = 32;

    /// <summary>About how many targets are scored together: documents end within such a chunk, at its end and behind it.</summary>
    public int Stride { get; init; } = 8;

    /// <summary>What is scored; null: documents of random ids whose lengths suit <see cref="Window"/> and <see cref="Stride"/>.</summary>
    public TokenizedDocuments? Documents { get; init; }

    /// <summary>Whether <see cref="ContextId"/> may come within a document. Where it may not, it has a share in no sum, so that one below 1 is right.</summary>
    public bool ScoresContextId { get; init; } = true;

    /// <summary>How far a score may move with its company, in nats (of larger scores, in parts of them): other shapes are summed in another order.</summary>
    public double Tolerance { get; init; } = DefaultTolerance;

    /// <summary>How far the probabilities of all ids may be from 1 together.</summary>
    public double SumTolerance { get; init; } = 1e-4;

    /// <summary>Calls that one probe may take at most; of a scorer whose documents depend on each other, a sum takes a call an id.</summary>
    public int MostCalls { get; init; } = 2000;

    /// <summary>A hash of what must not change, such as <see cref="WeightsHash"/>; null where it is out of reach: then nothing is said of it.</summary>
    public Func<string>? HashWeights { get; init; }

    /// <summary>Of the random documents and places.</summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="UserException">A value makes no sense.</exception>
    public void Validate()
    {
        Check(VocabularySize >= 2, $"audit: a vocabulary of {VocabularySize} ids, expected at least 2.");
        Check(ContextId >= 0 && ContextId < VocabularySize, $"audit: the context id is {ContextId}, expected 0 to {VocabularySize - 1}.");
        Check(Window >= 1, $"audit: a window of {Window} tokens, expected at least 1.");
        Check(Stride >= 1 && Stride <= Window, $"audit: a stride of {Stride}, expected 1 to {Window}, the window.");
        Check(Documents is null or { Count: > 0 }, "audit: there are no documents; expected at least one.");
    }

    private static void Check(bool right, string message)
    {
        if (!right)
        {
            throw new UserException(message);
        }
    }
}
