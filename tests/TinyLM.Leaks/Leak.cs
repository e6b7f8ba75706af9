namespace TinyLM.Leaks;

/// <summary>How a scorer that learns as it reads may cheat, or go wrong.</summary>
public enum Leak
{
    None,

    /// <summary>A chunk is trained on before it is scored.</summary>
    TrainsBeforeScoring,

    /// <summary>What was learnt from a document stays for the next.</summary>
    KeepsAdapter,

    /// <summary>The optimiser's momentum of a document stays for the next.</summary>
    KeepsMomentum,

    /// <summary>A window that ends a token late: a target is in its own context.</summary>
    SeesTarget,

    /// <summary>A document is read several times, and the last time counts.</summary>
    SeveralPasses,

    /// <summary>A document is read several times, and the best time counts.</summary>
    BestOfPasses,

    /// <summary>A gradient is divided by the targets of all documents of a batch.</summary>
    MeanOverBatch,

    /// <summary>Gradients are clipped by their norm over all documents of a batch.</summary>
    ClipsOverBatch,

    /// <summary>The base weights themselves are trained.</summary>
    TrainsBaseWeights,

    /// <summary>Windows overlap, and each scores the last ones of its targets: the first of all are skipped, the last of all scored again and again.</summary>
    OverlapsWindows,

    /// <summary>Attention reaches into the document before.</summary>
    SeesDocumentBefore,

    /// <summary>The probability of the target alone is mixed with a cache's, and the others keep theirs.</summary>
    MixesAtTarget,
}
