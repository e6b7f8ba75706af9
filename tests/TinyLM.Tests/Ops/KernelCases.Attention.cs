namespace TinyLM.Tests;

/// <content>Attention with a cache, and with a window and capped scores.</content>
public static partial class KernelCases
{
    private static IEnumerable<KernelCase> AttentionCachedOptions() =>
    [
        AttentionCached(firstCount: 5, tokens: 6, new AttentionShape(2, 1, 5, Window: 3)),
        AttentionCached(30, 50, new AttentionShape(4, 2, 8, Window: 7)),
        AttentionCached(9, 40, new AttentionShape(2, 1, 16, Softcap: 2)),
        AttentionCached(40, 41, new AttentionShape(2, 2, 16, Window: 33, Softcap: 3, ScoreScale: 0.5f)),
        AttentionCached(3, 10, new AttentionShape(2, 1, 128, Window: 4)),
    ];
}
