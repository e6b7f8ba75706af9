using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TinyLM;

/// <summary>Tells whether two models have the same weights, or one has them still.</summary>
public static class WeightsHash
{
    /// <summary>The SHA-256, in hex, of all weights, in the order of their names in the checkpoint.</summary>
    public static string Of(Gpt model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Parameter parameter in model.Parameters.All)
        {
            hash.AppendData(MemoryMarshal.AsBytes<float>(parameter.Value.ToArray()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
