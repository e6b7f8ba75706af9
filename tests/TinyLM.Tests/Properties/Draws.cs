using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>Random sizes, lengths of documents and heads. All shrink towards few and small ones.</summary>
internal static class Draws
{
    /// <summary>About the sizes of lanes, warps, micro-kernels and tiles, where kernels change their way.</summary>
    private static readonly int[] Edges =
        [1, 2, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 25, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 96, 97, 127, 128, 129, 255, 256, 257, 511, 512, 513];

    /// <summary>As large as a size need be on a device: the interpreter is slow.</summary>
    public static int Largest(string device) => device == "interpreted" ? 40 : 130;

    /// <summary>1 … most: small, any, or at an edge.</summary>
    public static Gen<int> Size(int most, int least = 1) => Gen.Frequency<int>(
        (2, Gen.Int[least, Math.Max(least, Math.Min(5, most))]),
        (3, Gen.Int[least, most]),
        (2, Gen.OneOf([.. Edges.Where(edge => edge >= least && edge <= most).Append(least)])));

    /// <summary>Lengths of documents, of <paramref name="mostTokens"/> together at most.</summary>
    public static Gen<int[]> Lengths(int mostTokens, int mostDocuments = 6) => Size(mostTokens).Array[1, mostDocuments].Select(lengths =>
    {
        int tokens = 0;
        return lengths.TakeWhile(length => (tokens += length) <= mostTokens).ToArray();
    });

    /// <summary>Heads, with a window, a cap and a scale or without.</summary>
    public static Gen<AttentionShape> Heads(int mostHeads, int mostSize, int mostWindow) => Gen.Select(
        Gen.Int[1, mostHeads], Gen.Int[1, mostHeads], Size(mostSize), Window(mostWindow), OrNone(Gen.Int[1, 60].Select(halves => halves / 2f)),
        OrNone(Gen.Int[1, 20].Select(parts => parts / 20f)),
        (keyValueHeads, group, size, window, cap, scale) => new AttentionShape(keyValueHeads * group, keyValueHeads, size, window, cap, scale));

    public static Gen<CrossEntropyOptions> LossOptions { get; } = Gen.Select(
        OrNone(Gen.Int[1, 10].Select(parts => parts / 20f)), OrNone(Gen.Int[1, 40].Select(halves => halves / 2f)), (zLoss, cap) => new CrossEntropyOptions(zLoss, cap));

    /// <summary>Which of ten sets of random values: shapes are what matters.</summary>
    public static Gen<ulong> Values { get; } = Gen.Int[0, 9].Select(value => (ulong)value);

    private static Gen<int> Window(int most) => Gen.Frequency<int>((2, Gen.Const(0)), (1, Gen.Int[1, Math.Min(4, most)]), (2, Size(most)));

    private static Gen<float> OrNone(Gen<float> gen) => Gen.Frequency<float>((2, Gen.Const(0f)), (1, gen));
}
