using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TinyLM;

/// <summary>
/// The first 128 bits of the SHA-256 of a text's UTF-8: tells duplicates, and decides what a document is for wherever a random but
/// lasting choice is needed. A document keeps its side of the split when others come or go.
/// </summary>
internal readonly record struct ContentHash(ulong ForSplit, ulong ForSelection)
{
    public static ContentHash Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return FromSha256(hash);
    }

    public static ContentHash FromSha256(ReadOnlySpan<byte> hash) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[8..]));

    /// <summary>True for about <paramref name="fraction"/> of all texts.</summary>
    public bool IsWithin(double fraction) => (ForSplit >> 11) * (1.0 / (1UL << 53)) < fraction;
}
