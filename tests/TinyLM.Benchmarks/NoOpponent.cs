namespace TinyLM.Benchmarks;

/// <summary>Stands where libtorch would, in a build without <c>-p:Libtorch=true</c>.</summary>
internal static class Opponent
{
    public static string Name => "";

    public static void Prepare(int threads, bool keepsFreedMemory = true)
    {
        // There is none.
    }

    public static IReadOnlyList<Contender> Of(BenchmarkCase @case) => [];

    public static void InScope(Action action) => action();
}
