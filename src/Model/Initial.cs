namespace TinyLM;

/// <summary>GPT-2's initialisation.</summary>
internal static class Initial
{
    public const double Deviation = 0.02;

    /// <summary>Of matrices that write to the residual stream: smaller by √(number of writers), so that their sum stays in scale.</summary>
    public static double ResidualDeviation(GptConfig config) => Deviation / Math.Sqrt(2 * config.LayerCount);
}
